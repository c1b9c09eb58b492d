package acm

import "time"

// RequestCertificateInput asks for a certificate.
type RequestCertificateInput struct {
	DomainName              *string
	IdempotencyToken        *string
	KeyAlgorithm            string
	Options                 *CertificateOptions
	SubjectAlternativeNames []string
	Tags                    []Tag
	ValidationMethod        string
}

// RequestCertificateOutput names it.
type RequestCertificateOutput struct {
	CertificateArn *string
}

// CertificateOptions are what can be chosen of a certificate.
type CertificateOptions struct {
	CertificateTransparencyLoggingPreference string
	Export                                   string
}

// ImportCertificateInput brings a certificate, its key and its chain, in PEM.
type ImportCertificateInput struct {
	Certificate      []byte
	CertificateArn   *string
	CertificateChain []byte
	PrivateKey       []byte
	Tags             []Tag
}

// ImportCertificateOutput names the certificate.
type ImportCertificateOutput struct {
	CertificateArn *string
}

// DescribeCertificateInput names a certificate.
type DescribeCertificateInput struct {
	CertificateArn *string
}

// DescribeCertificateOutput describes it.
type DescribeCertificateOutput struct {
	Certificate *CertificateDetail
}

// CertificateDetail is a certificate. What comes with its issue is nil before.
type CertificateDetail struct {
	CertificateArn          *string
	CreatedAt               *time.Time
	DomainName              *string
	DomainValidationOptions []DomainValidation
	ExtendedKeyUsages       []ExtendedKeyUsage
	ImportedAt              *time.Time
	InUseBy                 []string
	IssuedAt                *time.Time
	Issuer                  *string
	KeyAlgorithm            string
	KeyUsages               []KeyUsage
	NotAfter                *time.Time
	NotBefore               *time.Time
	Options                 *CertificateOptions
	RenewalEligibility      string
	Serial                  *string
	SignatureAlgorithm      *string
	Status                  string
	Subject                 *string
	SubjectAlternativeNames []string
	Type                    string
}

// DomainValidation says how it is proved who has a name.
type DomainValidation struct {
	DomainName       *string
	ResourceRecord   *ResourceRecord
	ValidationDomain *string
	ValidationMethod string
	ValidationStatus string
}

// ResourceRecord is a record of DNS.
type ResourceRecord struct {
	Name  *string
	Type  string
	Value *string
}

// KeyUsage is what a key may be used for.
type KeyUsage struct {
	Name string
}

// ExtendedKeyUsage is what a certificate may be used for.
type ExtendedKeyUsage struct {
	Name string
	OID  *string
}

// ListCertificatesInput asks for certificates.
type ListCertificatesInput struct {
	CertificateStatuses []string
	Includes            *Filters
	MaxItems            *int32
	NextToken           *string
	SortBy              string
	SortOrder           string
}

// Filters choose certificates.
type Filters struct {
	KeyTypes []string `wire:"keyTypes"`
}

// ListCertificatesOutput lists certificates, in the order in which they came.
type ListCertificatesOutput struct {
	CertificateSummaryList []CertificateSummary
	NextToken              *string
}

// CertificateSummary is a certificate in a list.
type CertificateSummary struct {
	CertificateArn                       *string
	CreatedAt                            *time.Time
	DomainName                           *string
	ExtendedKeyUsages                    []string
	HasAdditionalSubjectAlternativeNames *bool
	ImportedAt                           *time.Time
	InUse                                *bool
	IssuedAt                             *time.Time
	KeyAlgorithm                         string
	KeyUsages                            []string
	NotAfter                             *time.Time
	NotBefore                            *time.Time
	RenewalEligibility                   string
	Status                               string
	SubjectAlternativeNameSummaries      []string
	Type                                 string
}

// GetCertificateInput names a certificate.
type GetCertificateInput struct {
	CertificateArn *string
}

// GetCertificateOutput is a certificate and those that lead to its authority, in PEM.
type GetCertificateOutput struct {
	Certificate      *string
	CertificateChain *string
}

// DeleteCertificateInput names a certificate.
type DeleteCertificateInput struct {
	CertificateArn *string
}

// DeleteCertificateOutput is empty.
type DeleteCertificateOutput struct{}

// Tag is a tag.
type Tag struct {
	Key   *string
	Value *string
}

// AddTagsToCertificateInput adds tags.
type AddTagsToCertificateInput struct {
	CertificateArn *string
	Tags           []Tag
}

// AddTagsToCertificateOutput is empty.
type AddTagsToCertificateOutput struct{}

// RemoveTagsFromCertificateInput removes tags: those with a value only where it is so.
type RemoveTagsFromCertificateInput struct {
	CertificateArn *string
	Tags           []Tag
}

// RemoveTagsFromCertificateOutput is empty.
type RemoveTagsFromCertificateOutput struct{}

// ListTagsForCertificateInput names a certificate.
type ListTagsForCertificateInput struct {
	CertificateArn *string
}

// ListTagsForCertificateOutput has its tags.
type ListTagsForCertificateOutput struct {
	Tags []Tag
}
