// An app that knows nothing of orgship: no header, no label, and it answers as
// its environment says.
package main

import (
	"fmt"
	"net/http"
	"os"
	"strconv"
	"sync/atomic"
	"time"
)

func number(name string) int {
	n, _ := strconv.Atoi(os.Getenv(name))
	return n
}

// check asks a server in the same network, as the command of a health check.
func check() {
	r, err := http.Get("http://127.0.0.1:8080/health")
	if err != nil || r.StatusCode != http.StatusOK {
		os.Exit(1)
	}
	os.Exit(0)
}

// extra is what the answer has besides: a file that another container wrote, and a token.
func extra() string {
	text := ""
	if file := os.Getenv("READS"); file != "" {
		note, err := os.ReadFile(file)
		text += fmt.Sprintf(" note %s (%v)", note, err)
	}
	if token := os.Getenv("TOKEN"); token != "" {
		text += " token " + token
	}
	return text
}

func main() {
	if len(os.Args) > 1 && os.Args[1] == "check" {
		check()
	}
	if file := os.Getenv("WRITES"); file != "" {
		if err := os.WriteFile(file, []byte("written"), 0o644); err != nil {
			os.Exit(1)
		}
		return
	}
	if number("IDLES") > 0 {
		time.Sleep(time.Hour)
	}
	if n := number("DIES_AFTER_MS"); n > 0 {
		time.AfterFunc(time.Duration(n)*time.Millisecond, func() { os.Exit(0) })
	}
	if n := number("EXIT"); n > 0 {
		fmt.Println(os.Getenv("SAY"))
		os.Exit(n)
	}
	began := time.Now()
	var asked atomic.Int64
	http.HandleFunc("/health", func(w http.ResponseWriter, _ *http.Request) {
		if n := number("SICK_AFTER_MS"); n > 0 && time.Since(began) > time.Duration(n)*time.Millisecond {
			w.WriteHeader(http.StatusInternalServerError)
		}
	})
	http.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		n := asked.Add(1)
		time.Sleep(time.Duration(number("DELAY_MS")) * time.Millisecond)
		every := int64(number("EVERY"))
		if status := number("STATUS"); status > 0 && (every == 0 || n%every == 0) {
			w.Header().Set("Location", "http://127.0.0.1:1/elsewhere")
			w.WriteHeader(status)
		}
		switch os.Getenv("BODY") {
		case "clock":
			fmt.Fprintf(w, "<html>%s at %s</html>\n", os.Getenv("SAY"), time.Now().Format(time.RFC3339Nano))
		case "binary":
			_, _ = w.Write([]byte{0, 1, 2, 0xff, 0xfe, '\n', 27, '['})
			fmt.Fprintln(w, os.Getenv("SAY"))
		case "endless":
			fmt.Fprintln(w, os.Getenv("SAY"))
			for i := 0; i < 1<<12; i++ {
				if _, err := w.Write(make([]byte, 1<<10)); err != nil {
					return
				}
			}
		case "host":
			name, _ := os.Hostname()
			fmt.Fprintln(w, os.Getenv("SAY"), "from", name)
		default:
			if wrong := os.Getenv("WRONG"); wrong != "" && every > 0 && n%every == 0 {
				fmt.Fprintln(w, wrong)
				return
			}
			fmt.Fprintln(w, os.Getenv("SAY")+extra())
		}
	})
	go func() { fmt.Fprintln(os.Stderr, http.ListenAndServe(":80", nil)) }()
	fmt.Fprintln(os.Stderr, http.ListenAndServe(":8080", nil))
}
