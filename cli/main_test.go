package cli_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/rogpeppe/go-internal/testscript"

	"orgship/sandbox"
	"orgship/sandbox/task"
)

// TestMain lets the test binary be orgship, and a task of its sandbox.
func TestMain(m *testing.M) {
	task.Init()
	testscript.Main(m, map[string]func(){"orgship": logged})
}

// orgship starts the program; what it prints on stderr ends up in the log of a
// test that fails.
func orgship(t *testing.T, args ...string) (*exec.Cmd, *bufio.Reader) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, args...)
	cmd.Args[0] = "orgship"
	cmd.Env = append(os.Environ(), "XDG_CACHE_HOME="+t.TempDir())
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
		if t.Failed() {
			t.Logf("stderr of orgship %v:\n%s", args, stderr.String())
		}
	})
	return cmd, bufio.NewReader(stdout)
}

func TestSandboxServesUntilInterrupted(t *testing.T) {
	t.Parallel()
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		cmd, stdout := orgship(t, "sandbox", "--listen", "127.0.0.1:0", "--json", "--region", "us-west-2")
		line, err := stdout.ReadBytes('\n')
		if err != nil {
			t.Fatal(err)
		}
		var info struct {
			sandbox.Info
			AWSConfig string `json:"awsConfig"`
		}
		decoder := json.NewDecoder(bytes.NewReader(line))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&info); err != nil {
			t.Fatalf("reading %s: %v", line, err)
		}
		if info.Region != "us-west-2" || info.OrganizationID != "o-sandbox001" || info.RootID != "r-sbox" || info.AWSConfig == "" || len(info.Accounts) != 6 {
			t.Errorf("got %s", line)
		}
		for _, a := range info.Accounts {
			if got := whoAmI(t, info.Info, a); got != a.ID {
				t.Errorf("the key of %s belongs to %s", a.ID, got)
			}
		}
		if err := cmd.Process.Signal(signal); err != nil {
			t.Fatal(err)
		}
		if rest, err := stdout.ReadString(0); rest != "" {
			t.Errorf("more than one line on stdout: %q, %v", rest, err)
		}
		if err := cmd.Wait(); err != nil {
			t.Errorf("after %v: %v", signal, err)
		}
		client := http.Client{Timeout: 5 * time.Second}
		if resp, err := client.Get(info.Endpoint); err == nil {
			resp.Body.Close()
			t.Errorf("after %v something still answers at %s", signal, info.Endpoint)
		}
	}
}

// Whoever starts a sandbox with a key of their own has it: it isn't printed.
func TestSandboxWithAKeyOfOnesOwn(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "key.json")
	if err := os.WriteFile(file, []byte(`{"Version": 1, "AccessKeyId": "AKIAOWN", "SecretAccessKey": "CANARY"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, form := range []string{"--json", "--json=false"} {
		_, stdout := orgship(t, "sandbox", "--listen", "127.0.0.1:0", "--credentials", file, form)
		endpoint, said := regexp.MustCompile(`http://127\.0\.0\.1:[0-9]+`), ""
		for !strings.Contains(said, "AKIAOWN") {
			line, err := stdout.ReadString('\n')
			if said += line; err != nil {
				t.Fatalf("%s: %v", said, err)
			}
		}
		if strings.Contains(said, "CANARY") {
			t.Errorf("%s prints the secret", form)
		}
		info := sandbox.Info{Endpoint: endpoint.FindString(said), Region: sandbox.DefaultRegion}
		if got := whoAmI(t, info, sandbox.Account{AccessKeyID: "AKIAOWN", SecretAccessKey: "CANARY"}); got != "999999999999" {
			t.Errorf("the key belongs to %s", got)
		}
	}
}

func whoAmI(t *testing.T, info sandbox.Info, a sandbox.Account) string {
	t.Helper()
	client := sts.NewFromConfig(aws.Config{
		Region: info.Region, BaseEndpoint: &info.Endpoint,
		Credentials: credentials.NewStaticCredentialsProvider(a.AccessKeyID, a.SecretAccessKey, ""),
	})
	out, err := client.GetCallerIdentity(context.Background(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return *out.Account
}

func TestSandboxTellsPeopleHowToGetIn(t *testing.T) {
	t.Parallel()
	cmd, stdout := orgship(t, "sandbox", "--listen", "localhost:0")
	var page strings.Builder
	for !strings.Contains(page.String(), "Ctrl-C ends it") {
		line, err := stdout.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		page.WriteString(line)
	}
	for _, want := range []string{
		"The sandbox is at http://127.0.0.1:", "region eu-west-1, 60x speed, organization o-sandbox001, root r-sbox.",
		"444444444444  team-a           o-sandbox001/r-sbox/ou-sbox-dev00001/ou-sbox-teama001/  vpc-0",
		"export AWS_ENDPOINT_URL=http://127.0.0.1:", "export AWS_ACCESS_KEY_ID=AKIASANDBOX",
	} {
		if !strings.Contains(page.String(), want) {
			t.Errorf("%q is not in\n%s", want, page.String())
		}
	}
	if bash, err := exec.LookPath("bash"); err == nil {
		var exports strings.Builder
		for line := range strings.Lines(page.String()) {
			if strings.HasPrefix(line, "  ") {
				exports.WriteString(line)
			}
		}
		if out, err := exec.Command(bash, "-euc", exports.String()+"echo $AWS_REGION").CombinedOutput(); err != nil || string(out) != "eu-west-1\n" {
			t.Errorf("pasted into a shell: %v\n%s", err, out)
		}
	}
	file := regexp.MustCompile(`AWS_CONFIG_FILE='(.*)' AWS_PROFILE=shared-services`).FindStringSubmatch(page.String())
	if file == nil {
		t.Fatalf("no config file in\n%s", page.String())
	}
	if info, err := os.Stat(file[1]); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the config file: %v, error %v", info.Mode(), err)
	}
	asks := exec.Command(os.Args[0], "access", "111111111111.dkr.ecr.eu-west-1.amazonaws.com/none:1", "dev-1")
	asks.Args[0] = "orgship"
	asks.Env = []string{"AWS_CONFIG_FILE=" + file[1], "AWS_PROFILE=management", "HOME=" + t.TempDir()}
	if out, err := asks.CombinedOutput(); err == nil || !strings.Contains(string(out), "RepositoryNotFound") {
		t.Errorf("by a profile: %v\n%s", err, out)
	}
	defer func() {
		if _, err := os.Stat(file[1]); err == nil {
			t.Errorf("%s is left", file[1])
		}
	}()
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}
