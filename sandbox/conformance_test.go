package sandbox_test

import (
	"encoding/base64"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"

	"orgship/sandbox"
)

// conformance is OCI's own suite for registries.
const conformance = "github.com/opencontainers/distribution-spec/conformance@v0.0.0-20260831232431-97274622c111"

// TestOCIConformance holds the registry against OCI's suite, in all that ECR offers: it
// has neither sha512 nor anonymous mounts, and deletes no blobs by itself.
func TestOCIConformance(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("SKIP: OCI's conformance suite takes its time, and -short is set")
	}
	w := newWorld(t, sandbox.Options{})
	api := ecr.NewFromConfig(w.config("shared-services"))
	for _, name := range []string{"one", "two"} {
		if _, err := api.CreateRepository(w.ctx, &ecr.CreateRepositoryInput{RepositoryName: &name}); err != nil {
			t.Fatal(err)
		}
	}
	login, err := api.GetAuthorizationToken(w.ctx, &ecr.GetAuthorizationTokenInput{})
	if err != nil {
		t.Fatal(err)
	}
	token, err := base64.StdEncoding.DecodeString(aws.ToString(login.AuthorizationData[0].AuthorizationToken))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	build := exec.CommandContext(t.Context(), "go", "install", "-trimpath", conformance)
	build.Dir, build.Env = dir, append(os.Environ(), "GOBIN="+dir, "GOFLAGS=-mod=mod", "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Skipf("SKIP: OCI's conformance suite can't be had here: %v\n%s", err, out)
	}
	a, _ := w.Account("shared-services")
	_, password, _ := strings.Cut(string(token), ":")
	suite := exec.CommandContext(t.Context(), dir+"/conformance")
	suite.Dir, suite.Env = dir, append(os.Environ(), "OCI_REGISTRY="+strings.TrimPrefix(w.Endpoint(), "http://"), "OCI_TLS=disabled", "OCI_USERNAME=AWS", "OCI_PASSWORD="+password,
		"OCI_REPO1="+a.ID+"/one", "OCI_REPO2="+a.ID+"/two", "OCI_DATA_SHA512=false", "OCI_LOG=error")
	out, err := suite.CombinedOutput()
	for line := range strings.Lines(string(out)) {
		name, outcome, ok := strings.Cut(line, ":")
		outcome = strings.TrimSpace(outcome)
		if ok && (strings.HasPrefix(strings.TrimSpace(name), "Referrers") && outcome != "Pass" || outcome == "FAIL" || outcome == "Error") {
			t.Errorf("%s", line)
		}
	}
	if err != nil || !strings.Contains(string(out), "Data conformance:") {
		t.Errorf("the suite: %v\n%s", err, out)
	}
}
