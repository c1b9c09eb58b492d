package acm

import (
	"context"
	"errors"
	"slices"
	"time"

	"orgship/sandbox/iam"
	"orgship/sandbox/page"
	"orgship/sandbox/wire"
)

// ListCertificates lists certificates; unless a request names key types, those with an
// RSA key of 1024 or 2048 bits alone.
// https://docs.aws.amazon.com/acm/latest/APIReference/API_ListCertificates.html
func (s *Service) ListCertificates(ctx context.Context, in *ListCertificatesInput) (*ListCertificatesOutput, error) {
	if err := s.cfg.Auth.Authorize(ctx, "acm:ListCertificates", "*"); err != nil {
		return nil, err
	}
	if (in.SortBy == "") != (in.SortOrder == "") {
		return nil, wire.Errorf("InvalidArgsException", "You must specify both SortBy and SortOrder, or neither.")
	}
	found := s.chosen(iam.Caller(ctx).Account, in)
	found, next, err := page.List[CertificateSummary]{Name: "ListCertificates", Key: func(c CertificateSummary) string { return *c.CertificateArn }, Max: 1000}.Cut(found, in.MaxItems, in.NextToken)
	switch {
	case errors.Is(err, page.ErrSize):
		return nil, wire.Errorf("ValidationException", "1 validation error detected: Value '%d' at 'maxItems' failed to satisfy constraint: Member must have value between 1 and 1000", *in.MaxItems)
	case err != nil:
		return nil, wire.Errorf("InvalidArgsException", "The NextToken is not valid.")
	}
	for i, c := range found {
		found[i].InUse = new(len(s.users(ctx, c.CertificateArn)) > 0)
	}
	return &ListCertificatesOutput{CertificateSummaryList: found, NextToken: next}, nil
}

func (s *Service) chosen(account string, in *ListCertificatesInput) []CertificateSummary {
	types := []string{"RSA_1024", "RSA_2048"}
	if in.Includes != nil && len(in.Includes.KeyTypes) > 0 {
		types = in.Includes.KeyTypes
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	found := []CertificateSummary{}
	for _, c := range s.certificates[account] {
		summary := c.summary(s.cfg.Clock.Now())
		if slices.Contains(types, summary.KeyAlgorithm) && (len(in.CertificateStatuses) == 0 || slices.Contains(in.CertificateStatuses, summary.Status)) {
			found = append(found, summary)
		}
	}
	if in.SortOrder == "DESCENDING" {
		slices.Reverse(found)
	}
	return found
}

func (c *certificate) summary(now time.Time) CertificateSummary {
	d := c.describe(now)
	s := CertificateSummary{
		CertificateArn: d.CertificateArn, CreatedAt: d.CreatedAt, DomainName: d.DomainName, ImportedAt: d.ImportedAt, IssuedAt: d.IssuedAt,
		KeyAlgorithm: d.KeyAlgorithm, NotAfter: d.NotAfter, NotBefore: d.NotBefore, RenewalEligibility: d.RenewalEligibility,
		Status: d.Status, SubjectAlternativeNameSummaries: d.SubjectAlternativeNames, HasAdditionalSubjectAlternativeNames: new(false), Type: d.Type,
	}
	for _, u := range d.KeyUsages {
		s.KeyUsages = append(s.KeyUsages, u.Name)
	}
	for _, u := range d.ExtendedKeyUsages {
		s.ExtendedKeyUsages = append(s.ExtendedKeyUsages, u.Name)
	}
	return s
}

// Inventory adds what the caller's account has.
func (s *Service) Inventory(ctx context.Context, add func(kind, name string)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.certificates[iam.Caller(ctx).Account] {
		add("acm:certificate", c.names[0])
	}
	return nil
}
