package e2e

import (
	"regexp"
	"strings"
	"testing"
	"time"
)

// reads are the operations that change nothing.
var reads = regexp.MustCompile("^(Describe|Get|List)")

// TestRefused: an account outside the unit is refused before anything is touched: by
// the repository's policy, and by the unit that a call names.
func TestRefused(t *testing.T) {
	t.Parallel()
	inFull(t)
	b := newBox(t)
	c := b.in(t)
	b.filled(t, c)
	whole := c
	whole.constructor = c.constructor[:2] // no unit: all of the Organization
	before := len(b.Calls())
	args := []string{"release", "--stack=" + stackName, "--image=" + b.repo + ":1.0.0", "--account=prod-1", "--parameter=" + b.network(t, "prod-1")}
	whole.call(t, args...).fails(t, 1, "account 555555555555 may not pull "+b.repo+"@sha256:", "share the repository with the account's unit")
	c.call(t, args...).fails(t, 1, `account 555555555555 is not in OU "development"`, "name an account of the unit")
	for _, asked := range b.since(before) {
		if asked.Service == "cloudformation" && !reads.MatchString(asked.Operation) {
			t.Errorf("%s was called in %s", asked.Operation, asked.Account)
		}
	}

	r := whole.shell(t, "r=$($o | access "+b.repo+"); $r | verdict; $r | markdown; $r | assert")
	r.fails(t, 1, "of 6 accounts may not pull", "share the repository with the account's unit")
	if !strings.Contains(r.stdout, "FAILED") || !strings.Contains(r.stdout, "aws:PrincipalOrgPaths") {
		t.Errorf("access says neither what it came to nor which condition decided: %s", r)
	}
	c.call(t, "access", "--image="+b.repo).ok(t) // the unit's accounts may
}

// filled shares the repository, and publishes both versions to it.
func (b *box) filled(t *testing.T, c call) {
	t.Helper()
	c.call(t, "share", "--account=shared-services").ok(t)
	b.publishBoth(t, c)
}

// TestAgain: what touches the world happens each time that it is asked for, and once
// within a session.
func TestAgain(t *testing.T) {
	t.Parallel()
	inFull(t)
	b := newBox(t)
	c := b.in(t)
	b.filled(t, c)
	plans := func() int { return b.called("CreateChangeSet") }
	before := plans()
	for n := 1; n <= 2; n++ {
		c.call(t, b.release(t, "deploy", "1.0.0")...).ok(t)
		if got := plans() - before; got != n {
			t.Errorf("after %d identical calls of deploy %d change sets were made", n, got)
		}
	}
	words := b.release(t, "deploy", "1.0.0")
	for i, word := range words {
		words[i] = quote(word)
	}
	c.shell(t, "r=$($o | "+strings.Join(words, " ")+"); $r | verdict; $r | json; $r | assert").ok(t)
	if got := plans() - before; got != 3 {
		t.Errorf("a result that was used three times in one session made %d change sets", got-2)
	}
}

// TestBuiltBefore: ship releases the image that was built of the same revision before,
// whoever built it; publish never takes one image for another.
func TestBuiltBefore(t *testing.T) {
	t.Parallel()
	inFull(t)
	b := newBox(t)
	c := b.in(t)
	c.call(t, "share", "--account=shared-services").ok(t)
	version := "green-" + commit[:12]
	publish := func(variant string) result {
		return c.shell(t, "$o | publish $($o | image --variant "+variant+" --version "+version+" --revision "+commit+") "+b.repo+":"+version)
	}
	there := publish("BLUE").ok(t) // what a builder made whose bytes differ
	publish("GREEN").fails(t, 1, "already names sha256:", "push under a tag of its own")
	r := released(t, c.call(t, "ship", "--stack="+stackName, "--repository="+b.repo, "--revision="+commit, "--account=dev-1",
		"--parameter="+b.network(t, "dev-1"), "--expect-body="+saysBlue, "json"))
	if r.Image.Reference != there {
		t.Errorf("ship released %s, and %s was there", r.Image.Reference, there)
	}
}

// TestBadInput: what a user sees is one line, and what to do.
func TestBadInput(t *testing.T) {
	t.Parallel()
	w := need(t)
	here := tree(t, w)
	good := `{"Version": 1, "AccessKeyId": "AKIA` + planted + `", "SecretAccessKey": "` + planted + `"}`
	expired := `{"Version": 1, "AccessKeyId": "ASIA` + planted + `", "SecretAccessKey": "` + planted + `", "SessionToken": "` + planted + `", "Expiration": "` +
		time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC).Format(time.RFC3339) + `"}`
	for _, test := range []struct {
		name, credentials string
		flags             []string
		line, hint        string
	}{
		{"no credentials", "", nil, "credentials: not given", "aws configure export-credentials"},
		{"malformed", "{" + planted, nil, "reading credentials: they are not a JSON object", "log in"},
		{"expired", expired, nil, "the credentials expired at 2020-01-02T03:04:05Z", "log in"},
		{"nobody listens", good, []string{"--endpoint=tcp://127.0.0.1:1"}, "nobody answers at the endpoint, port 1", "is the sandbox running"},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := call{world: here, constructor: append(test.flags, "--region=eu-west-1"), env: map[string]string{}}
			if test.credentials != "" {
				c.env[credentialsName], c.constructor = test.credentials, append(c.constructor, "--credentials=env://"+credentialsName)
			}
			r := c.call(t, "destroy", "--stack="+stackName)
			r.fails(t, 2, test.line, test.hint)
			if strings.Contains(r.stderr+r.stdout, planted) {
				t.Errorf("the secret shows: %s", r)
			}
		})
	}
}

// tree is the module without what lies beside it on this machine, such as a .env
// with defaults of its user.
func tree(t *testing.T, w *world) *world {
	t.Helper()
	copied := *w
	copied.module = checkedOut(t)
	return &copied
}
