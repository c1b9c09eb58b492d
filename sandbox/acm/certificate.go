package acm

import (
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"strings"
	"time"
)

// The states of a certificate.
const (
	pending = "PENDING_VALIDATION"
	issued  = "ISSUED"
	expired = "EXPIRED"
)

// The types of a certificate.
const (
	amazonIssued = "AMAZON_ISSUED"
	imported     = "IMPORTED"
)

// certificate is one certificate. What is served is made when it is asked for, and
// shown from its issue on.
type certificate struct {
	arn     string
	account string
	token   string // of the request
	names   []string
	kind    string
	logging string // certificate transparency
	created time.Time
	due     time.Time // of its issue
	served  *tls.Certificate
	tags    []Tag // by key
}

func (c *certificate) leaf() *x509.Certificate { return c.served.Leaf }

func (c *certificate) issued(now time.Time) bool { return !now.Before(c.due) }

func (c *certificate) status(now time.Time) string {
	switch {
	case !c.issued(now):
		return pending
	case now.After(c.leaf().NotAfter):
		return expired
	}
	return issued
}

// algorithm names the kind of a certificate's key, "" for one that ACM has no name for.
func algorithm(leaf *x509.Certificate) string {
	switch key := leaf.PublicKey.(type) {
	case *rsa.PublicKey:
		return fmt.Sprintf("RSA_%d", key.N.BitLen())
	case *ecdsa.PublicKey:
		return map[string]string{"P-256": "EC_prime256v1", "P-384": "EC_secp384r1", "P-521": "EC_secp521r1"}[key.Curve.Params().Name]
	}
	return ""
}

// record is the record of DNS that proves that the account has a name; a wildcard's is
// that of the name below it.
// https://docs.aws.amazon.com/acm/latest/userguide/dns-validation.html
func (c *certificate) record(name string) *ResourceRecord {
	name = strings.TrimPrefix(name, "*.")
	sum := sha256.Sum256([]byte(c.account + " " + name))
	digits := hex.EncodeToString(sum[:])
	return &ResourceRecord{
		Name: new("_" + digits[:32] + "." + name + "."), Type: "CNAME",
		Value: new("_" + digits[32:] + "." + letters(sum[:10]) + ".acm-validations.aws."),
	}
}

func letters(bytes []byte) string {
	text := make([]byte, len(bytes))
	for i, b := range bytes {
		text[i] = 'a' + b%26
	}
	return string(text)
}
