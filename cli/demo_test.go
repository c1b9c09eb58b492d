package cli_test

import (
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
