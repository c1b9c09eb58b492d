package cli_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"orgship/cli"
	"orgship/pipeline/registry"
	"orgship/pipeline/report"
	"orgship/sandbox"
)

// A container is pushed by who runs the program, with the login of the account
// that owns the repository.
func TestPushContainer(t *testing.T) {
	t.Parallel()
	box, flags := organization(t)
	if status, _, stderr := run(cli.Program{Args: append([]string{"share", "development", "--account", "shared-services"}, flags...)}); status != 0 {
		t.Fatal(stderr)
	}
	repository := strings.TrimPrefix(box.Endpoint(), "http://") + "/111111111111/demoecshwapp-ecr-repo"
	file := filepath.Join(t.TempDir(), "push.json")
	var asked string
	status, stdout, stderr := run(cli.Program{
		Args: append([]string{"push", "container:abc,def", repository + ":1.0.0", "--report", file}, flags...),
		Publish: func(ctx context.Context, id string, to cli.Destination) (registry.Pushed, error) {
			asked = id
			return publish(ctx, to)
		},
	})
	if status != 0 || asked != "abc,def" || !strings.HasPrefix(stdout, repository+"@sha256:") || stderr != "pushed\n" {
		t.Errorf("container %q, status %d, stdout %q, stderr %q", asked, status, stdout, stderr)
	}
	document, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	r, err := report.Read(document)
	if err != nil || r.Image == nil || r.Image.Reference+"\n" != stdout || r.Image.Tag != "1.0.0" || r.Outcome != report.Pushed || r.Account.ID != "111111111111" {
		t.Errorf("the report says %s, %v", document, err)
	}
}

// publish pushes an image as another client does it, and finds it.
func publish(ctx context.Context, to cli.Destination) (registry.Pushed, error) {
	username, password, err := to.Login(ctx)
	if err != nil {
		return registry.Pushed{}, err
	}
	image, err := random.Image(64, 1)
	if err != nil {
		return registry.Pushed{}, err
	}
	reference, err := name.NewTag(to.Repository+":"+to.Tag, name.Insecure)
	if err != nil {
		return registry.Pushed{}, err
	}
	login := remote.WithAuth(authn.FromConfig(authn.AuthConfig{Username: username, Password: password}))
	if err := remote.Write(reference, image, login, remote.WithContext(ctx)); err != nil {
		return registry.Pushed{}, err
	}
	found, err := to.Find(ctx, to.Repository+":"+to.Tag)
	return registry.Pushed{Reference: found.Reference, Digest: found.Digest, Tag: to.Tag}, err
}

// What can't be pushed is refused before anybody is given a login.
func TestPushContainerRefuses(t *testing.T) {
	t.Parallel()
	const repository = "127.0.0.1:1/111111111111/app"
	for _, test := range []struct {
		name, args, line string
	}{
		{"no tag", "container:abc " + repository, "pushing a container to \"" + repository + "\": it needs a tag\nhint: name one"},
		{"by digest", "container:abc " + repository + "@sha256:" + strings.Repeat("0", 64), "pushing: "},
		{"not in ECR", "container:abc docker.io/library/app:1", "pushing: \"docker.io/library/app:1\" is not an image or a repository in ECR\nhint: the form is"},
		{"no id", "container: " + repository + ":1", "the container has no id\nhint: "},
		{"dry run", "container:abc " + repository + ":1 --dry-run", "a dry run can't tell about a container: its digest is known once it is pushed\nhint: "},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			status, stdout, stderr := run(cli.Program{
				Args: append([]string{"push"}, strings.Fields(test.args)...),
				Publish: func(context.Context, string, cli.Destination) (registry.Pushed, error) {
					return registry.Pushed{}, errors.New("published")
				},
			})
			if status != 2 || stdout != "" || !strings.HasPrefix(stderr, "error: "+test.line) {
				t.Errorf("status %d, stdout %q, stderr %q", status, stdout, stderr)
			}
		})
	}
}

// organization starts a sandbox, and returns the flags that lead there as the
// management account.
func organization(t *testing.T) (box *sandbox.Sandbox, flags []string) {
	t.Helper()
	box, err := sandbox.New(sandbox.Options{Speed: 120})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := box.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	if err := box.Listen("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	admin, _ := box.Account("management")
	credentials, err := json.Marshal(map[string]any{"Version": 1, "AccessKeyId": admin.AccessKeyID, "SecretAccessKey": admin.SecretAccessKey})
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "credentials.json")
	if err := os.WriteFile(name, credentials, 0o600); err != nil {
		t.Fatal(err)
	}
	return box, []string{"--credentials", name, "--endpoint", box.Endpoint(), "--region", box.Info().Region, "--speed", "120"}
}

// run runs a program with an empty stdin and no environment.
func run(p cli.Program) (status int, stdout, stderr string) {
	var out, errs bytes.Buffer
	p.Stdin, p.Stdout, p.Stderr, p.Getenv = strings.NewReader(""), &out, &errs, func(string) string { return "" }
	status = cli.Run(p)
	return status, out.String(), errs.String()
}
