package wire_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// signed describes a DescribeStacks request, signed by hand.
type signed struct {
	method  string // POST
	body    string
	key     aws.Credentials
	service string
	at      time.Time
	hash    string // of the payload
	header  http.Header
	presign bool
	query   string
	tamper  func(*http.Request) // after signing
}

func (s signed) send(t *testing.T, url string) (status int, code, message string) {
	t.Helper()
	ctx := context.Background()
	req, err := http.NewRequestWithContext(ctx, s.method, url+"/"+s.query, strings.NewReader(s.body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header = s.header.Clone()
	sign := v4.NewSigner()
	if s.presign {
		uri, _, err := sign.PresignHTTP(ctx, s.key, req, s.hash, s.service, region, s.at)
		if err != nil {
			t.Fatal(err)
		}
		if req, err = http.NewRequestWithContext(ctx, s.method, uri, strings.NewReader(s.body)); err != nil {
			t.Fatal(err)
		}
	} else if err := sign.SignHTTP(ctx, s.key, req, s.hash, s.service, region, s.at); err != nil {
		t.Fatal(err)
	}
	if s.tamper != nil {
		s.tamper(req)
	}
	return do(t, req)
}

func do(t *testing.T, req *http.Request) (status int, code, message string) {
	t.Helper()
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if resp.Header.Get("X-Amzn-Requestid") == "" {
		t.Errorf("no x-amzn-requestid in the answer")
	}
	var answer struct {
		Code    string `xml:"Error>Code"`
		Message string `xml:"Error>Message"`
	}
	if err := xml.Unmarshal(body, &answer); err != nil {
		t.Fatalf("answer is not XML: %v\n%s", err, body)
	}
	return resp.StatusCode, answer.Code, answer.Message
}

func hashOf(body string) string {
	sum := sha256.Sum256([]byte(body))
	return hex.EncodeToString(sum[:])
}

func TestSignatures(t *testing.T) {
	t.Parallel()
	f := &fake{}
	_, url := serve(t, f)
	const body = "Action=DescribeStacks&Version=2010-05-15"
	good := func() signed {
		return signed{
			method: "POST", body: body, key: aws.Credentials{AccessKeyID: keyID, SecretAccessKey: secretKey}, service: "cloudformation",
			at: time.Now(), hash: hashOf(body), header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}},
		}
	}
	tests := []struct {
		name   string
		change func(*signed)
		status int
		code   string
		part   string
	}{
		{"good", func(*signed) {}, 200, "", ""},
		{"unsigned payload", func(s *signed) {
			s.hash = "UNSIGNED-PAYLOAD"
			s.header.Set("X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD")
		}, 200, "", ""},
		{"session", func(s *signed) {
			s.key = aws.Credentials{AccessKeyID: "ASIAEXAMPLE", SecretAccessKey: secretKey, SessionToken: "the token"}
		}, 200, "", ""},
		{"query string", func(s *signed) { s.method, s.query, s.body, s.hash = "GET", "?"+body, "", hashOf("") }, 200, "", ""},
		{"presigned", func(s *signed) {
			s.method, s.query, s.body, s.hash, s.presign = "GET", "?"+body+"&X-Amz-Expires=60", "", hashOf(""), true
			s.header = http.Header{}
		}, 200, "", ""},
		{"presigned session", func(s *signed) {
			s.method, s.query, s.body, s.hash, s.presign = "GET", "?"+body, "", hashOf(""), true
			s.header = http.Header{}
			s.key = aws.Credentials{AccessKeyID: "ASIAEXAMPLE", SecretAccessKey: secretKey, SessionToken: "the token"}
		}, 200, "", ""},
		{"presigned, too late", func(s *signed) {
			s.method, s.query, s.body, s.hash, s.presign = "GET", "?"+body+"&X-Amz-Expires=60", "", hashOf(""), true
			s.header, s.at = http.Header{}, time.Now().Add(-2*time.Minute)
		}, 403, "SignatureDoesNotMatch", "Signature expired"},
		{"presigned, changed", func(s *signed) {
			s.method, s.query, s.body, s.hash, s.presign = "GET", "?"+body, "", hashOf(""), true
			s.header = http.Header{}
			s.tamper = func(r *http.Request) { r.URL.RawQuery += "&StackName=x" }
		}, 403, "SignatureDoesNotMatch", "does not match the signature you provided"},
		{"wrong secret", func(s *signed) { s.key.SecretAccessKey = "guess" }, 403, "SignatureDoesNotMatch", "does not match the signature you provided"},
		{"changed body", func(s *signed) {
			s.tamper = func(r *http.Request) {
				r.Body = io.NopCloser(bytes.NewReader([]byte(strings.Replace(body, "2010", "2011", 1))))
			}
		}, 403, "SignatureDoesNotMatch", "does not match"},
		{"changed header", func(s *signed) {
			s.header.Set("X-Amz-Foo", "1")
			s.tamper = func(r *http.Request) { r.Header.Set("X-Amz-Foo", "2") }
		}, 403, "SignatureDoesNotMatch", "does not match"},
		{"changed host", func(s *signed) { s.tamper = func(r *http.Request) { r.Host = "example.com" } }, 403, "SignatureDoesNotMatch", "does not match"},
		{"unknown key", func(s *signed) { s.key.AccessKeyID = "AKIANOBODY" }, 403, "InvalidClientTokenId", "security token included in the request is invalid"},
		{"unknown token", func(s *signed) { s.key.SessionToken = "other" }, 403, "InvalidClientTokenId", "invalid"},
		{"expired token", func(s *signed) { s.key.SessionToken = "old" }, 403, "ExpiredToken", "expired"},
		{"too old", func(s *signed) { s.at = time.Now().Add(-6 * time.Minute) }, 403, "SignatureDoesNotMatch", "Signature expired: "},
		{"too new", func(s *signed) { s.at = time.Now().Add(6 * time.Minute) }, 403, "SignatureDoesNotMatch", "Signature not yet current: "},
		{"a little old", func(s *signed) { s.at = time.Now().Add(-4 * time.Minute) }, 200, "", ""},
		{"no signature", func(s *signed) { s.tamper = func(r *http.Request) { r.Header.Del("Authorization") } }, 403, "MissingAuthenticationToken", "missing Authentication Token"},
		{"other scheme", func(s *signed) {
			s.tamper = func(r *http.Request) { r.SetBasicAuth("AWS", "x") }
		}, 400, "IncompleteSignature", "Basic"},
		{"half a header", func(s *signed) {
			s.tamper = func(r *http.Request) { r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=a/b") }
		}, 400, "IncompleteSignature", "requires 'Signature' parameter. Authorization header requires 'SignedHeaders'"},
		{"odd credential", func(s *signed) {
			s.tamper = func(r *http.Request) {
				r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), "/aws4_request", "/aws5_request", 1))
			}
		}, 400, "IncompleteSignature", "5 slash-delimited elements"},
		{"odd date", func(s *signed) {
			s.tamper = func(r *http.Request) { r.Header.Set("X-Amz-Date", "yesterday") }
		}, 400, "IncompleteSignature", "ISO-8601"},
		{"date of another day", func(s *signed) {
			s.tamper = func(r *http.Request) { r.Header.Set("X-Amz-Date", "20200101T000000Z") }
		}, 403, "SignatureDoesNotMatch", "Date in Credential scope does not match"},
		{"unknown version", func(s *signed) {
			s.body = "Action=DescribeStacks&Version=2099-01-01"
			s.hash = hashOf(s.body)
		}, 400, "NotModelled", `version "2099-01-01" of cloudformation`},
		{"no action", func(s *signed) { s.body, s.hash = "", hashOf("") }, 400, "MissingAction", "names no operation"},
		{"twice", func(s *signed) {
			s.body += "&StackName=a&StackName=b"
			s.hash = hashOf(s.body)
		}, 400, "MalformedQueryString", `"StackName" is given 2 times`},
		{"unknown parameter", func(s *signed) {
			s.body += "&StackNmae=a"
			s.hash = hashOf(s.body)
		}, 400, "NotModelled", "the parameter StackNmae of cloudformation:DescribeStacks"},
		{"missing parameter", func(s *signed) {
			s.body = "Action=CreateStack&Version=2010-05-15"
			s.hash = hashOf(s.body)
		}, 400, "ValidationError", "1 validation error detected: Value null at 'stackName' failed to satisfy constraint: Member must not be null"},
		{"list without member", func(s *signed) {
			s.body = "Action=CreateStack&Version=2010-05-15&StackName=s&Tags.1.Key=a"
			s.hash = hashOf(s.body)
		}, 400, "MalformedInput", "Tags.member.1"},
		{"not a boolean", func(s *signed) {
			s.body = "Action=CreateStack&Version=2010-05-15&StackName=s&DisableRollback=maybe"
			s.hash = hashOf(s.body)
		}, 400, "MalformedInput", `DisableRollback: "maybe" is not a boolean`},
	}
	for _, test := range tests {
		s := good()
		test.change(&s)
		status, code, message := s.send(t, url)
		if status != test.status || code != test.code || !strings.Contains(message, test.part) {
			t.Errorf("%s: got %d %s %q, want %d %s with %q", test.name, status, code, message, test.status, test.code, test.part)
		}
	}
}

func TestTargetMustBeSigned(t *testing.T) {
	t.Parallel()
	_, url := serve(t, &fake{})
	ctx := context.Background()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(`{"services":["a"]}`))
	if err != nil {
		t.Fatal(err)
	}
	key := aws.Credentials{AccessKeyID: keyID, SecretAccessKey: secretKey}
	if err := v4.NewSigner().SignHTTP(ctx, key, req, hashOf(`{"services":["a"]}`), "ecs", region, time.Now()); err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Amz-Target", "AmazonEC2ContainerServiceV20141113.DescribeServices")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusBadRequest || resp.Header.Get("X-Amzn-Errortype") != "InvalidSignatureException" {
		t.Errorf("got %s %v", resp.Status, resp.Header)
	}
}

func TestBodyLimit(t *testing.T) {
	t.Parallel()
	_, url := serve(t, &fake{})
	resp, err := http.Post(url, "application/x-www-form-urlencoded", io.LimitReader(zeros{}, 33<<20))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("got %s", resp.Status)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = '0'
	}
	return len(p), nil
}
