package account_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"orgship/pipeline/account"
)

// The canary is in every value of the credentials: it must never be printed.
const canary = "canary"

const valid = `{"Version":1,"AccessKeyId":"AKIAcanary","SecretAccessKey":"secret-canary","SessionToken":"token-canary","Expiration":"2999-01-02T15:04:05Z"}`

// hint returns the hint of an error.
func hint(err error) string {
	var hinted interface{ Hint() string }
	if errors.As(err, &hinted) {
		return hinted.Hint()
	}
	return ""
}

func TestParseCredentials(t *testing.T) {
	t.Parallel()
	c, err := account.ParseCredentials([]byte(valid))
	if err != nil {
		t.Fatal(err)
	}
	got, err := c.Retrieve(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if got.AccessKeyID != "AKIAcanary" || got.SecretAccessKey != "secret-canary" || got.SessionToken != "token-canary" || !got.CanExpire {
		t.Error("the credentials are not those of the JSON")
	}
	if at, ends := c.Expires(); !ends || !at.Equal(time.Date(2999, 1, 2, 15, 4, 5, 0, time.UTC)) {
		t.Errorf("expires %v %t", at, ends)
	}
	forever, err := account.ParseCredentials([]byte(`{"Version":1,"AccessKeyId":"A","SecretAccessKey":"s","SessionToken":null,"AccountId":"111111111111","More":1}`))
	if err != nil {
		t.Fatal(err)
	}
	if _, ends := forever.Expires(); ends {
		t.Error("a user's key does not expire")
	}
}

func TestParseCredentialsFaults(t *testing.T) {
	t.Parallel()
	for source, want := range map[string]string{
		"":                                     "no credentials were given",
		" \n":                                  "no credentials were given",
		"export AWS_ACCESS_KEY_ID=AKcanary":    "reading credentials: they are not a JSON object",
		`["canary"]`:                           "reading credentials: they are not a JSON object",
		`{"Version":1,"AccessKeyId":"canary",`: "reading credentials: they are not a JSON object",
		`{}`:                                   "reading credentials: AccessKeyId is missing, SecretAccessKey is missing, Version is missing (it must be 1)",
		`{"Version":2,"AccessKeyId":"canary","SecretAccessKey":"canary"}`:                                "reading credentials: Version is not 1",
		`{"Version":"canary","AccessKeyId":"canary","SecretAccessKey":"canary"}`:                         "reading credentials: Version is not 1",
		`{"Version":1,"AccessKeyId":7,"SecretAccessKey":["canary"]}`:                                     "reading credentials: AccessKeyId is not a string, SecretAccessKey is not a string",
		`{"Version":1,"AccessKeyId":"","SecretAccessKey":null}`:                                          "reading credentials: AccessKeyId is empty, SecretAccessKey is missing",
		`{"Version":1,"AccessKeyId":"canary","SecretAccessKey":"canary","Expiration":"canary"}`:          "reading credentials: Expiration is not a time as in 2026-01-02T15:04:05Z",
		`{"Credentials":{"AccessKeyId":"canary","SecretAccessKey":"canary"},"AssumedRoleUser":"canary"}`: "reading credentials: they are the answer of an STS operation, which has its values one level down",
	} {
		t.Run(source, func(t *testing.T) {
			t.Parallel()
			_, err := account.ParseCredentials([]byte(source))
			if err == nil || err.Error() != want {
				t.Fatalf("got  %v\nwant %s", err, want)
			}
			if !strings.Contains(hint(err), "aws configure export-credentials --format process") {
				t.Errorf("hint %q", hint(err))
			}
			if text := fmt.Sprintf("%v %+v %#v", err, err, err); strings.Contains(text, canary) {
				t.Errorf("the error quotes a value: %s", text)
			}
		})
	}
}

// However credentials are printed, nothing of them shows.
func TestCredentialsNeverPrint(t *testing.T) {
	t.Parallel()
	c, err := account.ParseCredentials([]byte(valid))
	if err != nil {
		t.Fatal(err)
	}
	type hidden struct{ inside account.Credentials } // fmt can't call methods in there
	type shown struct{ Inside account.Credentials }
	things := []any{c, &c, []account.Credentials{c}, map[string]any{"c": c}, hidden{c}, &hidden{c}, shown{c},
		account.Options{Credentials: c}, fmt.Errorf("wrapped: %v", c)}
	var out bytes.Buffer
	text, structured := slog.New(slog.NewTextHandler(&out, nil)), slog.New(slog.NewJSONHandler(&out, nil))
	for _, thing := range things {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%o"} {
			fmt.Fprintf(&out, verb+"\n", thing)
		}
		text.Info("m", "thing", thing)
		structured.Info("m", "thing", thing)
		if encoded, err := json.Marshal(thing); err == nil {
			out.Write(encoded)
		}
	}
	printed := out.String()
	for _, secret := range []string{canary, fmt.Sprintf("%x", canary), fmt.Sprintf("%X", canary)} {
		if strings.Contains(printed, secret) {
			i := strings.Index(printed, secret)
			t.Errorf("printed: …%s…", printed[max(0, i-100):min(len(printed), i+100)])
		}
	}
	if !strings.Contains(printed, `"redacted"`) || c.String() != "redacted" {
		t.Error("credentials should print as redacted")
	}
}

func TestExpiredCredentials(t *testing.T) {
	t.Parallel()
	c, err := account.ParseCredentials([]byte(strings.Replace(valid, "2999", "2001", 1)))
	if err != nil {
		t.Fatal(err)
	}
	_, err = account.Config(context.Background(), account.Options{Credentials: c, Region: "eu-west-1"})
	if err == nil || err.Error() != "the credentials expired at 2001-01-02T15:04:05Z" || hint(err) == "" {
		t.Errorf("got %v, hint %q", err, hint(err))
	}
	if _, err := (account.Credentials{}).Retrieve(context.Background()); err == nil || err.Error() != "no credentials were given" {
		t.Errorf("the zero value: %v", err)
	}
}

func ExampleParseCredentials() {
	credentials, err := account.ParseCredentials([]byte(`{
		"Version": 1,
		"AccessKeyId": "AKIAIOSFODNN7EXAMPLE",
		"SecretAccessKey": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
	}`))
	fmt.Println(credentials, err)
	// Output: redacted <nil>
}
