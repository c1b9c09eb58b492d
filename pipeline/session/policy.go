package session

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"orgship/pipeline/access"
	"orgship/pipeline/release"
	"orgship/pipeline/report"
)

// places knows where an account stands in its Organization.
type places interface {
	Path(ctx context.Context, account string) (string, error)
}

// AskPolicy returns a release.Access that reads the policy of the image's repository
// with api (credentials of the account that owns it) and evaluates it for one
// account. What only the role that pulls could decide counts as allowed: the
// policy doesn't forbid it.
func AskPolicy(api access.API, organization places, account report.Account) release.Access {
	return func(ctx context.Context, image string) ([]report.Access, error) {
		repository, err := repositoryOf(image, account.Region)
		if err != nil {
			return nil, err
		}
		path, err := organization.Path(ctx, account.ID)
		if err != nil {
			return nil, err
		}
		asked := []access.Account{{ID: account.ID, Name: account.Name, OrgPath: path}}
		decisions, err := access.Check(ctx, api, access.Question{Repository: repository}, asked)
		if err != nil {
			return nil, err
		}
		var out []report.Access
		for _, d := range decisions {
			out = append(out, report.Access{
				Account: d.Account, Name: d.Name, OrgPath: d.OrgPath, Allowed: d.Allowed || d.Undecided, Reason: report.Clean(warned(d)),
			})
		}
		return out, nil
	}
}

// warned is a decision's reason, with what else the policy lets in.
func warned(d access.Decision) string {
	if d.Warning == "" {
		return d.Reason
	}
	return d.Reason + "; warning: " + d.Warning
}

var (
	ecrImage     = regexp.MustCompile(`^([0-9]{12})\.dkr[.-]ecr(?:-fips)?\.([a-z0-9-]+)\.[a-z.]+/([^:@]+)`)
	sandboxImage = regexp.MustCompile(`^[^/]+/([0-9]{12})/([^:@]+)`)
)

// repositoryOf reads the repository of an image in ECR's form, or in the
// sandbox's, <host:port>/<account>/<name>.
func repositoryOf(image, region string) (access.Repository, error) {
	if m := ecrImage.FindStringSubmatch(image); m != nil {
		return access.Repository{Account: m[1], Region: m[2], Name: m[3]}, nil
	}
	if m := sandboxImage.FindStringSubmatch(image); m != nil {
		return access.Repository{Account: m[1], Region: region, Name: m[2]}, nil
	}
	return access.Repository{}, fmt.Errorf("%q is not an image in ECR", strings.TrimSpace(image))
}
