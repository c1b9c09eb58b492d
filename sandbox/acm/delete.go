package acm

import (
	"context"
	"slices"

	"orgship/sandbox/wire"
)

// DeleteCertificate deletes a certificate that nothing uses.
// https://docs.aws.amazon.com/acm/latest/APIReference/API_DeleteCertificate.html
func (s *Service) DeleteCertificate(ctx context.Context, in *DeleteCertificateInput) (*DeleteCertificateOutput, error) {
	users := s.users(ctx, in.CertificateArn)
	err := s.on(ctx, "DeleteCertificate", in.CertificateArn, func(c *certificate) error {
		if len(users) > 0 {
			return wire.Errorf("ResourceInUseException", "Certificate %s in account %s is in use.", c.arn, c.account)
		}
		s.certificates[c.account] = slices.DeleteFunc(s.certificates[c.account], func(o *certificate) bool { return o == c })
		return nil
	})
	return &DeleteCertificateOutput{}, err
}
