package verify

import (
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// CertificateFor begins the reason of an attempt that met a certificate for
// another name than was asked for: Check.Host may help.
const CertificateFor = "certificate is for "

// namesShown is how many names of a certificate are shown.
const namesShown = 3

// certificate says what is wrong with a certificate; "" for an error that isn't
// about one.
func certificate(err error) string {
	var name x509.HostnameError
	var authority x509.UnknownAuthorityError
	var invalid x509.CertificateInvalidError
	switch {
	case errors.As(err, &name):
		return fmt.Sprintf("%s%s, not %s", CertificateFor, names(name.Certificate), printable([]byte(name.Host), 100))
	case errors.As(err, &authority):
		return "certificate is signed by an authority that isn't known here"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired && time.Now().Before(invalid.Cert.NotBefore):
		return "certificate isn't valid before " + invalid.Cert.NotBefore.UTC().Format(time.RFC3339)
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "certificate expired at " + invalid.Cert.NotAfter.UTC().Format(time.RFC3339)
	}
	return ""
}

// names are the hosts that a certificate is for.
func names(c *x509.Certificate) string {
	all := slices.Clone(c.DNSNames)
	for _, ip := range c.IPAddresses {
		all = append(all, ip.String())
	}
	for i, name := range all[:min(len(all), namesShown)] {
		all[i] = printable([]byte(name), 100)
	}
	switch {
	case len(all) == 0:
		return "no name at all"
	case len(all) > namesShown:
		return fmt.Sprintf("%s and %d others", strings.Join(all[:namesShown], ", "), len(all)-namesShown)
	}
	return strings.Join(all, ", ")
}
