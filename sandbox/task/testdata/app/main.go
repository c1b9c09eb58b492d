// Command app is the entrypoint of the images that the tests of package task
// run. Its first argument says what it does.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "no command")
		os.Exit(2)
	}
	switch command, args := os.Args[1], os.Args[2:]; command {
	case "serve":
		serve(args[0])
	case "exit":
		code, _ := strconv.Atoi(args[0])
		fmt.Println("out")
		fmt.Fprintln(os.Stderr, "err")
		os.Exit(code)
	case "segv":
		_ = syscall.Kill(os.Getpid(), syscall.SIGSEGV)
		select {}
	case "deaf": // to the stop signal
		signal.Ignore(syscall.SIGTERM)
		fmt.Println("ready")
		for {
			time.Sleep(time.Hour)
		}
	case "orphan": // leaves a child without a parent and goes on
		child := exec.Command("/app", "leave")
		if err := child.Run(); err != nil {
			fmt.Println(err)
		}
		serve(args[0])
	case "leave":
		_ = exec.Command("/app", "deaf").Start()
		_ = exec.Command("/app", "exit", "0").Start()
	}
}

// serve answers until SIGTERM or SIGQUIT, then says which and ends well.
func serve(port string) {
	http.HandleFunc("/info", func(w http.ResponseWriter, _ *http.Request) { _ = json.NewEncoder(w).Encode(info()) })
	http.HandleFunc("/read", func(w http.ResponseWriter, r *http.Request) {
		b, err := os.ReadFile(r.FormValue("path"))
		answer(w, string(b), err)
	})
	http.HandleFunc("/write", func(w http.ResponseWriter, r *http.Request) {
		answer(w, "written", os.WriteFile(r.FormValue("path"), []byte(r.FormValue("text")), 0o644))
	})
	http.HandleFunc("/replace", func(w http.ResponseWriter, r *http.Request) {
		err := os.RemoveAll(r.FormValue("path"))
		if err == nil {
			err = os.Mkdir(r.FormValue("path"), 0o755)
		}
		answer(w, "replaced", err)
	})
	http.HandleFunc("/exit", func(http.ResponseWriter, *http.Request) { os.Exit(7) })
	l, err := net.Listen("tcp", ":"+port)
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGQUIT)
	go func() { _ = http.Serve(l, nil) }()
	fmt.Println("ready")
	fmt.Println("stopped by", <-stop)
}

func answer(w http.ResponseWriter, body string, err error) {
	if err != nil {
		http.Error(w, err.Error(), http.StatusForbidden)
		return
	}
	fmt.Fprint(w, body)
}

// Info is what the program sees of its surroundings.
type Info struct {
	UID, GID, PID int
	Hostname, Dir string
	Env, FDs      []string
	Files         map[string]string // path: mode, or link target, or content of small files
	Status        map[string]string // of /proc/self/status
	Processes     map[string]string // pid: state and command
}

func info() Info {
	i := Info{UID: os.Getuid(), GID: os.Getgid(), PID: os.Getpid(), Env: os.Environ(), Status: map[string]string{}, Processes: map[string]string{}}
	i.Hostname, _ = os.Hostname()
	i.Dir, _ = os.Getwd()
	entries, _ := os.ReadDir("/proc/self/fd")
	for _, e := range entries {
		target, _ := os.Readlink("/proc/self/fd/" + e.Name())
		i.FDs = append(i.FDs, e.Name()+" "+target)
	}
	f, _ := os.Open("/proc/self/status")
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		name, value, _ := strings.Cut(s.Text(), ":")
		i.Status[name] = strings.TrimSpace(value)
	}
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, path := range stats {
		b, _ := os.ReadFile(path)
		fields := strings.Fields(string(b))
		if len(fields) > 2 {
			i.Processes[fields[0]] = fields[2] + " " + fields[1]
		}
	}
	return i
}
