package main

import (
	"bytes"
	"io"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"orgship/pipeline/report"
)

// With --keep the released service answers until Ctrl-C, and not any longer.
func TestDemoKeeps(t *testing.T) { // by itself: it is work for all the machine
	if !canRunTasks() {
		t.Skip("SKIP: this machine can't run tasks")
	}
	cmd, stdout := orgship(t, "demo", "--keep")
	var page strings.Builder
	for !strings.Contains(page.String(), "Ctrl-C ends it") {
		line, err := stdout.ReadString('\n')
		if err != nil {
			t.Fatalf("%v after\n%s", err, page.String())
		}
		page.WriteString(line)
	}
	for _, want := range []string{"successful: released", "export AWS_ENDPOINT_URL=http://127.0.0.1:", "aws ecs list-task-definitions", "--registry-id 111111111111"} {
		if !strings.Contains(page.String(), want) {
			t.Errorf("%q is not in\n%s", want, page.String())
		}
	}
	url := regexp.MustCompile(`curl -i (\S+)`).FindStringSubmatch(page.String())
	if url == nil {
		t.Fatalf("no URL in\n%s", page.String())
	}
	client := http.Client{Timeout: 5 * time.Second}
	response, err := client.Get(url[1])
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(response.Body)
	response.Body.Close()
	if err != nil || string(body) != "Hello World! (Green)\n" {
		t.Errorf("the service says %q, %v", body, err)
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
	if response, err := client.Get(url[1]); err == nil {
		response.Body.Close()
		t.Errorf("something still answers at %s", url[1])
	}
}

// An interrupted story is no success, and says so.
func TestDemoInterrupted(t *testing.T) {
	if !canRunTasks() {
		t.Skip("SKIP: this machine can't run tasks")
	}
	cmd, stdout := orgship(t, "demo")
	for {
		line, err := stdout.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(line, "production traffic: ") {
			break
		}
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	rest, err := io.ReadAll(stdout)
	if err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	if status := cmd.ProcessState.ExitCode(); status != report.Inconclusive.ExitStatus() || !strings.Contains(string(rest), "\ninconclusive: ") {
		t.Errorf("status %d after\n%s", status, rest)
	}
}

// A claim that is not so is told as such, and is the verdict.
func TestTellerCountsWhatIsNotSo(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	story := newTeller(&out, func(string) string { return "" })
	story.begin("one", "Chapter one")
	story.fact(true, "water is %s", "wet")
	story.fact(false, "fire is %s", "cold…")
	story.note("a note")
	want := "\nChapter one\n  + water is wet\n  x NOT SO: fire is cold...\n    a note\n"
	if out.String() != want || story.untrue() != 1 {
		t.Errorf("%d not so, told\n%q, want\n%q", story.untrue(), out.String(), want)
	}
	if statusOf(&untrueError{1}) != report.Failed.ExitStatus() {
		t.Error("what is not so is no failure")
	}
}

// Lines go above the live view, which is drawn again below them.
func TestTellerKeepsTheLiveViewBelow(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	story := newTeller(&out, func(string) string { return "" })
	story.draw("a\nb\n")
	story.line("said")
	story.draw("c\n")
	story.draw("c\n")
	story.draw("")
	if want := "a\nb\n\x1b[2A\r\x1b[Jsaid\na\nb\n\x1b[2A\r\x1b[Jc\n\x1b[1A\r\x1b[J"; out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
}
