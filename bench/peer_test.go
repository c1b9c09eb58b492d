package bench

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"orgship/sandbox"
)

// peer finds a program to compare with, and says aloud when it is missing.
func peer(b testing.TB, program string) (path string, there bool) {
	b.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		leaveOut(b, program+" is not on PATH: no peer")
		return "", false
	}
	return path, true
}

// command runs a peer as the administrator of an account, without this
// machine's own configuration of it. It ends with the benchmark.
func command(b testing.TB, endpoint, region string, a sandbox.Account, path string, args ...string) *exec.Cmd {
	b.Helper()
	home := b.TempDir()
	cmd := exec.CommandContext(b.Context(), path, args...)
	cmd.Env = append(os.Environ(),
		"AWS_ENDPOINT_URL="+endpoint, "AWS_ACCESS_KEY_ID="+a.AccessKeyID, "AWS_SECRET_ACCESS_KEY="+a.SecretAccessKey, "AWS_SESSION_TOKEN=",
		"AWS_REGION="+region, "AWS_DEFAULT_REGION="+region, "AWS_PAGER=", "AWS_DEFAULT_OUTPUT=json", "AWS_EC2_METADATA_DISABLED=true",
		"AWS_CONFIG_FILE="+os.DevNull, "AWS_SHARED_CREDENTIALS_FILE="+os.DevNull, "HOME="+home, "XDG_RUNTIME_DIR="+home,
	)
	return cmd
}

// run runs a peer; an error holds what it said.
func run(cmd *exec.Cmd) error {
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("running %s: %w: %s", strings.Join(cmd.Args[:2], " "), err, said.String())
	}
	return nil
}

// moto starts a moto_server and returns its URL once it answers.
func moto(b *testing.B, info sandbox.Info, path string) string {
	b.Helper()
	free, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	host, port, _ := net.SplitHostPort(free.Addr().String())
	_ = free.Close()
	cmd := command(b, "", info.Region, info.Accounts[0], path, "-H", host, "-p", port)
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	endpoint := "http://" + net.JoinHostPort(host, port)
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		if res, err := http.Get(endpoint + "/moto-api/"); err == nil {
			_ = res.Body.Close()
			return endpoint
		}
	}
	b.Fatal("moto_server does not answer within 30 seconds")
	return ""
}

// decoded returns the user and password of an authorization token of ECR.
func decoded(b *testing.B, token string) string {
	b.Helper()
	text, err := base64.StdEncoding.DecodeString(token)
	if err != nil {
		b.Fatal(err)
	}
	return string(text)
}
