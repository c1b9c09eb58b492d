package resource

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"orgship/sandbox/acm"
	"orgship/template"
)

// Certificates is the part of Certificate Manager that resources use.
type Certificates interface {
	RequestCertificate(context.Context, *acm.RequestCertificateInput) (*acm.RequestCertificateOutput, error)
	DescribeCertificate(context.Context, *acm.DescribeCertificateInput) (*acm.DescribeCertificateOutput, error)
	DeleteCertificate(context.Context, *acm.DeleteCertificateInput) (*acm.DeleteCertificateOutput, error)
	AddTagsToCertificate(context.Context, *acm.AddTagsToCertificateInput) (*acm.AddTagsToCertificateOutput, error)
	RemoveTagsFromCertificate(context.Context, *acm.RemoveTagsFromCertificateInput) (*acm.RemoveTagsFromCertificateOutput, error)
}

// ACM returns the resource types of Certificate Manager.
func ACM(room Certificates) []*Type { return []*Type{certificate(room)} }

// certificate is AWS::CertificateManager::Certificate.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-certificatemanager-certificate.html
//
// Assumption A197: the hosted zone in which a name is to be proved is not looked at, and
// no record is made in it: every name counts as proved.
func certificate(room Certificates) *Type {
	return &Type{
		Name: "AWS::CertificateManager::Certificate",
		Properties: Object{
			"DomainName": text().need().replace(), "SubjectAlternativeNames": texts().replace(),
			"ValidationMethod":        oneOf("DNS", "EMAIL", "HTTP").models("DNS").replace(),
			"DomainValidationOptions": objects(Object{"DomainName": text().need(), "HostedZoneId": text()}.lacking("ValidationDomain")).replace(),
			"KeyAlgorithm": oneOf("RSA_1024", "RSA_2048", "RSA_3072", "RSA_4096", "EC_prime256v1", "EC_secp384r1", "EC_secp521r1").
				models("RSA_2048", "EC_prime256v1", "EC_secp384r1").replace(),
			"CertificateExport":                        oneOf("DISABLED", "ENABLED").models("DISABLED"),
			"CertificateTransparencyLoggingPreference": oneOf("DISABLED", "ENABLED"),
			"Tags": tagList(),
		}.lacking("CertificateAuthorityArn"),
		Attributes: []string{"Id"},
		Handler:    certificatesOf{room},
		Tagged:     true,
		lacks: func(properties *template.Node, gap func(at *template.Node, format string, args ...any)) {
			if properties.Get("ValidationMethod") == nil {
				gap(properties, "validation by e-mail, which is what a certificate without ValidationMethod has")
			}
		},
	}
}

type certificatesOf struct{ room Certificates }

func (h certificatesOf) Create(ctx context.Context, r *Request) error {
	in := &acm.RequestCertificateInput{}
	if err := fill(in, only(r.Properties, "DomainName", "SubjectAlternativeNames", "ValidationMethod", "KeyAlgorithm")); err != nil {
		return err
	}
	in.Options = &acm.CertificateOptions{CertificateTransparencyLoggingPreference: str(r.Properties, "CertificateTransparencyLoggingPreference")}
	in.Tags = certificateTags(r.tags())
	out, err := h.room.RequestCertificate(ctx, in)
	if err != nil {
		return err
	}
	r.ID = aws.ToString(out.CertificateArn)
	r.Initiated(State{ID: r.ID, Attributes: map[string]string{"Id": r.ID}})
	return r.until(ctx, 10*time.Second, 24*time.Hour, func() (bool, error) {
		out, err := h.room.DescribeCertificate(ctx, &acm.DescribeCertificateInput{CertificateArn: &r.ID})
		return err == nil && out.Certificate.Status == "ISSUED", err
	})
}

func (h certificatesOf) Update(ctx context.Context, r *Request) error {
	if r.changed("CertificateTransparencyLoggingPreference") {
		return notModelledUpdate("CertificateTransparencyLoggingPreference", "AWS::CertificateManager::Certificate")
	}
	add, remove := r.retagged()
	if len(remove) > 0 {
		in := &acm.RemoveTagsFromCertificateInput{CertificateArn: &r.ID}
		for _, key := range remove {
			in.Tags = append(in.Tags, acm.Tag{Key: aws.String(key)})
		}
		if _, err := h.room.RemoveTagsFromCertificate(ctx, in); err != nil {
			return err
		}
	}
	if len(add) == 0 {
		return nil
	}
	_, err := h.room.AddTagsToCertificate(ctx, &acm.AddTagsToCertificateInput{CertificateArn: &r.ID, Tags: certificateTags(add)})
	return err
}

func certificateTags(tags [][2]string) (all []acm.Tag) {
	for _, t := range tags {
		all = append(all, acm.Tag{Key: aws.String(t[0]), Value: aws.String(t[1])})
	}
	return all
}

func (h certificatesOf) Delete(ctx context.Context, r *Request) error {
	return r.retry(ctx, func() error {
		_, err := h.room.DeleteCertificate(ctx, &acm.DeleteCertificateInput{CertificateArn: &r.ID})
		return err
	})
}
