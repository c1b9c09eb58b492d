package acm

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"time"
)

// authority signs the certificates that are asked for. Its key lives as long as the
// sandbox and nowhere but in its memory.
type authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
	pem         []byte
}

func newAuthority() (*authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("making the sandbox's certificate authority: %w", err)
	}
	own := &x509.Certificate{
		SerialNumber: serial(), Subject: pkix.Name{Organization: []string{"orgship sandbox"}, CommonName: "orgship sandbox authority"},
		NotBefore: time.Now().Add(-skew), NotAfter: time.Now().AddDate(1, 6, 0),
		IsCA: true, BasicConstraintsValid: true, MaxPathLenZero: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, own, own, key.Public(), key)
	if err != nil {
		return nil, fmt.Errorf("making the sandbox's certificate authority: %w", err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("making the sandbox's certificate authority: %w", err)
	}
	return &authority{certificate: parsed, key: key, pem: encode(der)}, nil
}

const (
	// skew is how far a client's clock may be behind.
	skew = time.Hour
	// validity is that of ACM's certificates:
	// https://docs.aws.amazon.com/acm/latest/userguide/acm-concepts.html
	validity = 395 * 24 * time.Hour
)

// issue signs a certificate for names, with a new key of an algorithm.
func (a *authority) issue(names []string, algorithm string) (*tls.Certificate, error) {
	key, err := newKey(algorithm)
	if err != nil {
		return nil, fmt.Errorf("making a key: %w", err)
	}
	now := time.Now()
	leaf := &x509.Certificate{
		SerialNumber: serial(), NotBefore: now.Add(-skew), NotAfter: now.Add(validity), DNSNames: names, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	if len(names[0]) <= maxCommonName {
		leaf.Subject.CommonName = names[0]
	}
	der, err := x509.CreateCertificate(rand.Reader, leaf, a.certificate, key.Public(), a.key)
	if err != nil {
		return nil, fmt.Errorf("signing a certificate: %w", err)
	}
	if leaf, err = x509.ParseCertificate(der); err != nil {
		return nil, fmt.Errorf("signing a certificate: %w", err)
	}
	return &tls.Certificate{Certificate: [][]byte{der, a.certificate.Raw}, PrivateKey: key, Leaf: leaf}, nil
}

// maxCommonName is the most that a common name can have: RFC 5280, ub-common-name.
const maxCommonName = 64

// newKey makes a key of one of the algorithms that requestable lists.
func newKey(algorithm string) (crypto.Signer, error) {
	switch algorithm {
	case "EC_prime256v1":
		return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case "EC_secp384r1":
		return ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	}
	return rsa.GenerateKey(rand.Reader, 2048)
}

func serial() *big.Int {
	b := make([]byte, 16)
	rand.Read(b)  // never fails: https://pkg.go.dev/crypto/rand#Read
	b[0] &= 0x7f  // positive
	b[15] |= 0x01 // and not 0
	return new(big.Int).SetBytes(b)
}

func encode(der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}
