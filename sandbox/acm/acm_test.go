package acm_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"orgship/sandbox/acm"
	"orgship/sandbox/clock"
	"orgship/sandbox/iam"
	"orgship/sandbox/wire"
)

// world is a service whose certificates are used as users says.
type world struct {
	*acm.Service
	t     testing.TB
	ctx   context.Context
	users map[string][]string
}

// allow lets everybody do everything but the denied actions.
type allow struct{ denied []string }

func (a allow) Authorize(_ context.Context, action, arn string) error {
	if slices.Contains(a.denied, action) {
		return wire.Errorf("AccessDenied", "not authorized to perform: %s on resource: %s", action, arn)
	}
	return nil
}

func (a allow) AuthorizeWith(ctx context.Context, action, arn string, _ map[string][]string) error {
	return a.Authorize(ctx, action, arn)
}

func newWorld(t testing.TB, speed float64, denied ...string) *world {
	t.Helper()
	c, err := clock.New(speed)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, ctx: as("222222222222"), users: map[string][]string{}}
	w.Service = acm.New(acm.Config{Clock: c, Region: "eu-west-1", Auth: allow{denied}, Users: func(_, arn string) []string { return w.users[arn] }})
	return w
}

func as(account string) context.Context {
	return iam.WithPrincipal(context.Background(), iam.Principal{Account: account, ARN: "arn:aws:iam::" + account + ":user/admin"})
}

func must[T any](t testing.TB) func(T, error) T {
	return func(out T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
}

// fast is a speed at which a certificate is issued at once.
const fast = 1e12

func (w *world) request(name string, edit ...func(*acm.RequestCertificateInput)) string {
	w.t.Helper()
	in := &acm.RequestCertificateInput{DomainName: &name, ValidationMethod: "DNS", KeyAlgorithm: "EC_prime256v1"}
	for _, e := range edit {
		e(in)
	}
	return *must[*acm.RequestCertificateOutput](w.t)(w.RequestCertificate(w.ctx, in)).CertificateArn
}

func (w *world) describe(arn string) *acm.CertificateDetail {
	w.t.Helper()
	return must[*acm.DescribeCertificateOutput](w.t)(w.DescribeCertificate(w.ctx, &acm.DescribeCertificateInput{CertificateArn: &arn})).Certificate
}

// A certificate that is issued is signed by the sandbox's authority, for all its names.
func TestIssued(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ algorithm, key, signature string }{
		{"", "RSA_2048", "SHA256WITHECDSA"},
		{"RSA_2048", "RSA_2048", "SHA256WITHECDSA"},
		{"EC_prime256v1", "EC_prime256v1", "SHA256WITHECDSA"},
		{"EC_secp384r1", "EC_secp384r1", "SHA256WITHECDSA"},
	} {
		t.Run("key "+test.algorithm, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, fast)
			arn := w.request("Shop.example.com", func(in *acm.RequestCertificateInput) {
				in.KeyAlgorithm, in.SubjectAlternativeNames = test.algorithm, []string{"*.shop.example.com", "shop.example.com"}
			})
			d := w.describe(arn)
			if got, want := fmt.Sprint(d.Status, d.Type, d.KeyAlgorithm, *d.SignatureAlgorithm, *d.Subject, d.SubjectAlternativeNames),
				fmt.Sprint("ISSUED", "AMAZON_ISSUED", test.key, test.signature, "CN=shop.example.com", []string{"shop.example.com", "*.shop.example.com"}); got != want {
				t.Errorf("got %s, want %s", got, want)
			}
			if a, b := d.DomainValidationOptions[0], d.DomainValidationOptions[1]; *a.ResourceRecord.Name != *b.ResourceRecord.Name || a.ValidationStatus != "SUCCESS" ||
				!strings.HasSuffix(*a.ResourceRecord.Name, ".shop.example.com.") || !strings.HasSuffix(*a.ResourceRecord.Value, ".acm-validations.aws.") {
				t.Errorf("validations %v, %v", a, b)
			}
			got := must[*acm.GetCertificateOutput](t)(w.GetCertificate(w.ctx, &acm.GetCertificateInput{CertificateArn: &arn}))
			ca := must[[]byte](t)(w.CA())
			if *got.CertificateChain != string(ca) {
				t.Error("the chain doesn't lead to the sandbox's authority")
			}
			roots := x509.NewCertPool()
			roots.AppendCertsFromPEM(ca)
			block, _ := pem.Decode([]byte(*got.Certificate))
			leaf := must[*x509.Certificate](t)(x509.ParseCertificate(block.Bytes))
			for _, name := range []string{"shop.example.com", "eu.shop.example.com"} {
				if _, err := leaf.Verify(x509.VerifyOptions{Roots: roots, DNSName: name}); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			}
			if _, err := leaf.Verify(x509.VerifyOptions{Roots: roots, DNSName: "example.com"}); err == nil {
				t.Error("it is for example.com as well")
			}
			if served, there := w.Serving("222222222222", arn); !there || served == nil || !served.Leaf.Equal(leaf) {
				t.Errorf("served: %v, %v", served, there)
			}
			if _, there := w.Serving("333333333333", arn); there {
				t.Error("another account has it")
			}
		})
	}
}

// Before its issue a certificate shows how its names are to be proved, and can't be had.
func TestPending(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	arn := w.request("shop.example.com")
	d := w.describe(arn)
	if d.Status != "PENDING_VALIDATION" || d.IssuedAt != nil || d.NotAfter != nil || d.DomainValidationOptions[0].ValidationStatus != "PENDING_VALIDATION" {
		t.Errorf("got %+v", d)
	}
	if served, there := w.Serving("222222222222", arn); !there || served != nil {
		t.Errorf("served: %v, %v", served, there)
	}
	_, err := w.GetCertificate(w.ctx, &acm.GetCertificateInput{CertificateArn: &arn})
	if code(err) != "RequestInProgressException" {
		t.Errorf("got %v", err)
	}
}

func code(err error) string {
	var e *wire.Error
	if errors.As(err, &e) {
		return e.Code
	}
	return fmt.Sprint(err)
}

// A token makes two requests one.
func TestToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t, fast)
	with := func(token string) func(*acm.RequestCertificateInput) {
		return func(in *acm.RequestCertificateInput) { in.IdempotencyToken = &token }
	}
	one, again, other, none := w.request("a.test", with("x")), w.request("a.test", with("x")), w.request("a.test", with("y")), w.request("a.test")
	if one != again || one == other || none == one || none == w.request("a.test") {
		t.Errorf("got %s, %s, %s, %s", one, again, other, none)
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, fast, "acm:DeleteCertificate")
	arn, used := w.request("a.test"), "arn:aws:acm:eu-west-1:222222222222:certificate/none"
	request := func(edit func(*acm.RequestCertificateInput)) error {
		in := &acm.RequestCertificateInput{DomainName: new("a.test"), ValidationMethod: "DNS"}
		edit(in)
		_, err := w.RequestCertificate(w.ctx, in)
		return err
	}
	second := func(_ any, err error) error { return err }
	for _, test := range []struct {
		name string
		err  error
		code string
		text string
	}{
		{"no name", request(func(in *acm.RequestCertificateInput) { in.DomainName = new("localhost") }), "ValidationException", "at 'domainName'"},
		{"a hyphen", request(func(in *acm.RequestCertificateInput) { in.DomainName = new("-a.test") }), "ValidationException", "at 'domainName'"},
		{"a star inside", request(func(in *acm.RequestCertificateInput) { in.SubjectAlternativeNames = []string{"a.*.test"} }), "ValidationException", "at 'subjectAlternativeNames'"},
		{"too long", request(func(in *acm.RequestCertificateInput) { in.DomainName = new(strings.Repeat("a.", 127) + "test") }), "ValidationException", "less than or equal to 253"},
		{"by e-mail", request(func(in *acm.RequestCertificateInput) { in.ValidationMethod = "" }), "NotModelled", "only DNS"},
		{"by HTTP", request(func(in *acm.RequestCertificateInput) { in.ValidationMethod = "HTTP" }), "NotModelled", "HTTP"},
		{"key", request(func(in *acm.RequestCertificateInput) { in.KeyAlgorithm = "RSA_4096" }), "NotModelled", "RSA_4096"},
		{"export", request(func(in *acm.RequestCertificateInput) { in.Options = &acm.CertificateOptions{Export: "ENABLED"} }), "NotModelled", "exported"},
		{"tag", request(func(in *acm.RequestCertificateInput) { in.Tags = []acm.Tag{{Key: new("aws:x")}} }), "InvalidTagException", "reserved"},
		{"tags", request(func(in *acm.RequestCertificateInput) {
			for i := range 51 {
				in.Tags = append(in.Tags, acm.Tag{Key: new(fmt.Sprint(i))})
			}
		}), "TooManyTagsException", "50"},
		{"no ARN", second(w.DescribeCertificate(w.ctx, &acm.DescribeCertificateInput{CertificateArn: new("x")})), "ValidationException", "certificateArn"},
		{"none there", second(w.DescribeCertificate(w.ctx, &acm.DescribeCertificateInput{CertificateArn: &used})), "ResourceNotFoundException", used},
		{"another account's", second(w.GetCertificate(as("333333333333"), &acm.GetCertificateInput{CertificateArn: &arn})), "ResourceNotFoundException", "in account 333333333333"},
		{"denied", second(w.DeleteCertificate(w.ctx, &acm.DeleteCertificateInput{CertificateArn: &arn})), "AccessDenied", "acm:DeleteCertificate"},
		{"half a sorting", second(w.ListCertificates(w.ctx, &acm.ListCertificatesInput{SortBy: "CREATED_AT"})), "InvalidArgsException", "SortOrder"},
		{"no page", second(w.ListCertificates(w.ctx, &acm.ListCertificatesInput{MaxItems: new(int32(0))})), "ValidationException", "maxItems"},
		{"no token", second(w.ListCertificates(w.ctx, &acm.ListCertificatesInput{NextToken: new("x")})), "InvalidArgsException", "NextToken"},
	} {
		if code(test.err) != test.code || !strings.Contains(test.err.Error(), test.text) {
			t.Errorf("%s: got %v, want %s with %q", test.name, test.err, test.code, test.text)
		}
	}
}

// What is in use stays, and says by whom.
func TestDelete(t *testing.T) {
	t.Parallel()
	w := newWorld(t, fast)
	arn := w.request("a.test")
	w.users[arn] = []string{"arn:aws:elasticloadbalancing:eu-west-1:222222222222:loadbalancer/app/a/1"}
	_, err := w.DeleteCertificate(w.ctx, &acm.DeleteCertificateInput{CertificateArn: &arn})
	if want := "Certificate " + arn + " in account 222222222222 is in use."; code(err) != "ResourceInUseException" || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v", err)
	}
	if d := w.describe(arn); d.RenewalEligibility != "ELIGIBLE" || len(d.InUseBy) != 1 {
		t.Errorf("used: %+v", d)
	}
	delete(w.users, arn)
	must[*acm.DeleteCertificateOutput](t)(w.DeleteCertificate(w.ctx, &acm.DeleteCertificateInput{CertificateArn: &arn}))
	if _, there := w.Serving("222222222222", arn); there {
		t.Error("it is still there")
	}
}

func TestList(t *testing.T) {
	t.Parallel()
	w := newWorld(t, fast)
	for _, name := range []string{"a.test", "b.test", "c.test"} {
		w.request(name, func(in *acm.RequestCertificateInput) { in.KeyAlgorithm = "" })
	}
	w.request("ec.test")
	for _, test := range []struct {
		name string
		in   acm.ListCertificatesInput
		want string
	}{
		{"those with an RSA key", acm.ListCertificatesInput{}, "a.test b.test c.test"},
		{"others", acm.ListCertificatesInput{Includes: &acm.Filters{KeyTypes: []string{"EC_prime256v1"}}}, "ec.test"},
		{"a page", acm.ListCertificatesInput{MaxItems: new(int32(2))}, "a.test b.test …"},
		{"backwards", acm.ListCertificatesInput{SortBy: "CREATED_AT", SortOrder: "DESCENDING"}, "c.test b.test a.test"},
		{"by status", acm.ListCertificatesInput{CertificateStatuses: []string{"PENDING_VALIDATION"}}, ""},
	} {
		out := must[*acm.ListCertificatesOutput](t)(w.ListCertificates(w.ctx, &test.in))
		var names []string
		for _, c := range out.CertificateSummaryList {
			names = append(names, *c.DomainName)
		}
		if out.NextToken != nil {
			names = append(names, "…")
		}
		if got := strings.Join(names, " "); got != test.want {
			t.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
	}
}

func TestTags(t *testing.T) {
	t.Parallel()
	w := newWorld(t, fast)
	arn := w.request("a.test", func(in *acm.RequestCertificateInput) { in.Tags = []acm.Tag{{Key: new("b"), Value: new("1")}} })
	must[*acm.AddTagsToCertificateOutput](t)(w.AddTagsToCertificate(w.ctx, &acm.AddTagsToCertificateInput{CertificateArn: &arn,
		Tags: []acm.Tag{{Key: new("a"), Value: new("2")}, {Key: new("b"), Value: new("3")}, {Key: new("c")}}}))
	must[*acm.RemoveTagsFromCertificateOutput](t)(w.RemoveTagsFromCertificate(w.ctx, &acm.RemoveTagsFromCertificateInput{CertificateArn: &arn,
		Tags: []acm.Tag{{Key: new("a"), Value: new("another")}, {Key: new("c")}}}))
	out := must[*acm.ListTagsForCertificateOutput](t)(w.ListTagsForCertificate(w.ctx, &acm.ListTagsForCertificateInput{CertificateArn: &arn}))
	var got []string
	for _, tag := range out.Tags {
		got = append(got, *tag.Key+"="+*tag.Value)
	}
	if strings.Join(got, " ") != "a=2 b=3" {
		t.Errorf("got %v", got)
	}
}

// own makes a certificate for a name, signed by an issuer (nil: by itself), and its key.
func own(t *testing.T, name string, end time.Time, issuer *pair) *pair {
	t.Helper()
	key := must[*ecdsa.PrivateKey](t)(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	c := &x509.Certificate{
		SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name}, NotBefore: end.Add(-24 * time.Hour), NotAfter: end,
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	parent, signer := c, key
	if issuer != nil {
		parent, signer = issuer.certificate, issuer.key
	}
	der := must[[]byte](t)(x509.CreateCertificate(rand.Reader, c, parent, key.Public(), signer))
	secret := must[[]byte](t)(x509.MarshalPKCS8PrivateKey(key))
	return &pair{
		must[*x509.Certificate](t)(x509.ParseCertificate(der)), key,
		pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}),
	}
}

type pair struct {
	certificate  *x509.Certificate
	key          *ecdsa.PrivateKey
	body, secret []byte
}

func TestImport(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	soon, past := time.Now().Add(time.Hour), time.Now().Add(-time.Hour)
	root := own(t, "root.test", soon, nil)
	leaf, alone, old := own(t, "leaf.test", soon, root), own(t, "alone.test", soon, nil), own(t, "old.test", past, nil)
	requested := w.request("a.test")
	for _, test := range []struct {
		name                string
		body, secret, chain []byte
		arn                 *string
		text                string // of the refusal; "": none
	}{
		{"signed by itself", alone.body, alone.secret, nil, nil, ""},
		{"with a chain", leaf.body, leaf.secret, root.body, nil, ""},
		{"a chain of others", leaf.body, leaf.secret, alone.body, nil, "Could not validate the certificate with the certificate chain."},
		{"another's key", leaf.body, alone.secret, nil, nil, "does not match"},
		{"two at once", append(slices.Clone(leaf.body), root.body...), leaf.secret, nil, nil, "more than one certificate"},
		{"none", []byte("x"), leaf.secret, nil, nil, "not in a valid PEM format"},
		{"expired", old.body, old.secret, nil, nil, "expired"},
		{"in the place of one that was asked for", alone.body, alone.secret, nil, &requested, "was not imported"},
	} {
		out, err := w.ImportCertificate(w.ctx, &acm.ImportCertificateInput{Certificate: test.body, PrivateKey: test.secret, CertificateChain: test.chain, CertificateArn: test.arn})
		if test.text != "" {
			if code(err) != "ValidationException" || !strings.Contains(err.Error(), test.text) {
				t.Errorf("%s: got %v, want %q", test.name, err, test.text)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		got := must[*acm.GetCertificateOutput](t)(w.GetCertificate(w.ctx, &acm.GetCertificateInput{CertificateArn: out.CertificateArn}))
		if d := w.describe(*out.CertificateArn); *got.Certificate != string(test.body) || d.Type != "IMPORTED" || d.ImportedAt == nil || d.Status != "ISSUED" ||
			(got.CertificateChain != nil) != (test.chain != nil) {
			t.Errorf("%s: %+v, %+v", test.name, got, d)
		}
	}
}

// One that is imported again has the same name, and is served at once.
func TestReimport(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	first, second := own(t, "a.test", time.Now().Add(time.Hour), nil), own(t, "b.test", time.Now().Add(time.Hour), nil)
	in := &acm.ImportCertificateInput{Certificate: first.body, PrivateKey: first.secret}
	arn := must[*acm.ImportCertificateOutput](t)(w.ImportCertificate(w.ctx, in)).CertificateArn
	in = &acm.ImportCertificateInput{Certificate: second.body, PrivateKey: second.secret, CertificateArn: arn}
	if again := must[*acm.ImportCertificateOutput](t)(w.ImportCertificate(w.ctx, in)).CertificateArn; *again != *arn {
		t.Errorf("got %s, want %s", *again, *arn)
	}
	if served, _ := w.Serving("222222222222", *arn); !served.Leaf.Equal(second.certificate) || *w.describe(*arn).DomainName != "b.test" {
		t.Errorf("served: %v", served.Leaf.Subject)
	}
}
