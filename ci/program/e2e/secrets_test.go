package e2e

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"orgship/pipeline/account"
)

// engineState is where an engine on this machine keeps its layers, caches and logs.
const engineState = "/var/lib/dagger"

// TestSecrets looks for secrets in all that steps leave behind: what they print
// when asked for most, the report, the image, the engine's state.
func TestSecrets(t *testing.T) {
	t.Parallel()
	inFull(t)
	started := time.Now()
	b := newBox(t)
	session, secrets := secretsOf(t, b)
	control := "control-" + rand.Text()
	c := b.in(t)
	c.dir, c.progress, c.verbose = t.TempDir(), "plain", "-vvv"
	places := map[string]string{}
	shared := c.shell(t, "r=$($o | share --account shared-services); $r | files | export report; $r | assert; directory | with-new-file control "+control+" | export control")
	shared.ok(t)
	c.progress, c.env[credentialsName] = "logs", session
	published := c.shell(t, "$o | publish $($o | image --version 1.0.0 --revision "+control+") "+b.repo+":1.0.0")
	published.ok(t)
	c.env[credentialsName] = b.credentials(t, "management")
	released := c.call(t, b.release(t, "release", "1.0.0", "--expect-body="+saysBlue, "json")...)
	released.ok(t)
	places["share"], places["publish"], places["release"] = shared.String(), published.String(), released.String()
	places["image"] = secretsImage(t, b)
	for _, file := range []string{"report.json", "report.md"} {
		content, err := os.ReadFile(filepath.Join(c.dir, "report", file))
		if err != nil || len(content) == 0 {
			t.Fatalf("%s: %d bytes, %v", file, len(content), err)
		}
		places[file] = string(content)
	}
	for place, text := range places {
		for what, secret := range secrets {
			if strings.Contains(text, secret) {
				t.Errorf("%s shows %s", place, what)
			}
		}
	}
	if !strings.Contains(places["image"], control) || !strings.Contains(places["share"], control) {
		t.Error("the search doesn't find what is no secret either")
	}
	t.Run("engine", func(t *testing.T) { secretsOnDisk(t, started, control, secrets) })
}

// secretsOf returns credentials of a session in the account of the repository, and
// all secrets by what they are.
func secretsOf(t *testing.T, b *box) (session string, secrets map[string]string) {
	t.Helper()
	key, err := account.ParseCredentials([]byte(b.credentials(t, "management")))
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := account.Config(t.Context(), account.Options{Credentials: key, Region: "eu-west-1", Endpoint: b.Endpoint()})
	if err != nil {
		t.Fatal(err)
	}
	if cfg, err = account.NewAccounts(cfg, account.OrganizationRole).For(t.Context(), shared); err != nil {
		t.Fatal(err)
	}
	s, err := cfg.Credentials.Retrieve(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(map[string]any{"Version": 1, "AccessKeyId": s.AccessKeyID, "SecretAccessKey": s.SecretAccessKey, "SessionToken": s.SessionToken})
	if err != nil {
		t.Fatal(err)
	}
	// Each password of the sandbox's ECR begins so; in a request's header it is encoded once more.
	password := base64.RawURLEncoding.EncodeToString([]byte(`{"principal":{"Account":`))
	if got := ecrPassword(t, b); !strings.HasPrefix(got, password) {
		t.Fatal("passwords of the sandbox's ECR begin otherwise than this test looks for")
	}
	return string(text), map[string]string{
		"a secret access key":          planted,
		"a session's secret":           s.SecretAccessKey,
		"a session's token":            s.SessionToken,
		"a password of ECR":            password,
		"a password of ECR, in base64": base64.StdEncoding.EncodeToString([]byte("AWS:" + password))[:48],
	}
}

// secretsImage is all that the published image holds: manifest, configuration, files.
func secretsImage(t *testing.T, b *box) string {
	t.Helper()
	ref, err := name.ParseReference(b.repo + ":1.0.0")
	if err != nil {
		t.Fatal(err)
	}
	image, err := remote.Image(ref, ecrLogin(t, b))
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := image.RawManifest()
	if err != nil {
		t.Fatal(err)
	}
	config, err := image.RawConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	files := mutate.Extract(image)
	defer func() { _ = files.Close() }()
	content, err := io.ReadAll(files)
	if err != nil {
		t.Fatal(err)
	}
	return string(manifest) + string(config) + string(content)
}

// secretsOnDisk looks for secrets in what an engine on this machine has written
// since. It has to find what was put there on purpose.
func secretsOnDisk(t *testing.T, since time.Time, control string, secrets map[string]string) {
	t.Helper()
	if _, err := os.ReadDir(engineState); err != nil {
		t.Skip("SKIP: the engine's state can't be read: ", err)
	}
	found := false
	err := filepath.WalkDir(engineState, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() || !secretsChanged(entry, since) {
			return nil //nolint:nilerr // the engine tidies up meanwhile
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return nil //nolint:nilerr // as above
		}
		found = found || bytes.Contains(content, []byte(control))
		for what, secret := range secrets {
			if bytes.Contains(content, []byte(secret)) {
				t.Errorf("%s holds %s", path, what)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if !found {
		t.Errorf("the search of %s doesn't find what is no secret either", engineState)
	}
}

// secretsChanged says whether a file was written since: its own time can be that of
// the archive it came from.
func secretsChanged(entry fs.DirEntry, since time.Time) bool {
	info, err := entry.Info()
	if err != nil {
		return false
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && !time.Unix(stat.Ctim.Sec, stat.Ctim.Nsec).Before(since)
}
