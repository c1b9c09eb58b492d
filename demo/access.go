package demo

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"

	"orgship/pipeline/access"
	"orgship/pipeline/report"
)

// access asks for each account twice: the policy, and the registry.
func (s *Story) access(ctx context.Context) error {
	decisions, err := s.connection.MayPull(ctx, s.app.blue.Reference, "", "")
	if err != nil {
		return err
	}
	for _, a := range decisions {
		if err := s.tryPull(ctx, a); err != nil {
			return err
		}
	}
	no := len(access.Refused(decisions))
	s.fact(len(decisions) == len(s.box.Accounts()), "that is every account of the Organization: %d may pull, %d may not", len(decisions)-no, no)
	return nil
}

// tryPull pulls as an account, and compares with what the policy said.
func (s *Story) tryPull(ctx context.Context, a report.Access) error {
	api, err := s.ecr(ctx, a.Name)
	if err != nil {
		return err
	}
	who := fmt.Sprintf("%s %-15s", a.Account, a.Name)
	bytes, err := pull(ctx, api, s.app.blue.Reference)
	var refused *transport.Error
	switch {
	case errors.As(err, &refused) && refused.StatusCode == http.StatusForbidden && len(refused.Errors) > 0:
		s.fact(!a.Allowed && !s.entitled(a), "%s may not pull: %s", who, a.Condition)
		s.note("and ECR refuses: %s", refused.Errors[0].Message)
	case err != nil:
		return err
	default:
		why := "aws:PrincipalOrgPaths is " + a.OrgPath
		if a.Account == s.owner() {
			why = a.Reason
		}
		s.fact(a.Allowed && s.entitled(a), "%s may pull, and did, %s: %s", who, report.Size(bytes), why)
	}
	return nil
}

// entitled tells who should be able to pull, from the Organization alone.
func (s *Story) entitled(a report.Access) bool {
	return a.Account == s.owner() || strings.Contains(a.OrgPath, "/"+s.unit.ID+"/")
}

// pull pulls an image with the rights of an account, layers and all, and returns
// how many bytes of layers came.
func pull(ctx context.Context, api *ecr.Client, reference string) (int64, error) {
	login, err := login(ctx, api)
	if err != nil {
		return 0, err
	}
	ref, err := name.ParseReference(reference, name.Insecure)
	if err != nil {
		return 0, err
	}
	img, err := remote.Image(ref, remote.WithContext(ctx), remote.WithAuth(login))
	if err != nil {
		return 0, err
	}
	layers, err := img.Layers()
	if err != nil {
		return 0, err
	}
	total := int64(0)
	for _, l := range layers {
		n, err := drain(l)
		if err != nil {
			return 0, err
		}
		total += n
	}
	return total, nil
}

// drain reads a layer to its end, where its digest is checked.
func drain(l v1.Layer) (int64, error) {
	content, err := l.Compressed()
	if err != nil {
		return 0, err
	}
	defer content.Close()
	return io.Copy(io.Discard, content)
}

// login gets a token for the registry, as docker login would.
func login(ctx context.Context, api *ecr.Client) (authn.Authenticator, error) {
	out, err := api.GetAuthorizationToken(ctx, &ecr.GetAuthorizationTokenInput{})
	if err != nil {
		return nil, err
	}
	if len(out.AuthorizationData) == 0 {
		return nil, errors.New("ECR gave no token")
	}
	token, err := base64.StdEncoding.DecodeString(aws.ToString(out.AuthorizationData[0].AuthorizationToken))
	if err != nil {
		return nil, errors.New("ECR's token is not base64") // the error would quote it
	}
	user, password, _ := strings.Cut(string(token), ":")
	return &authn.Basic{Username: user, Password: password}, nil
}
