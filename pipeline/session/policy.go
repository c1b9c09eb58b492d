package session

import (
	"cmp"
	"context"
	"strings"

	"orgship/pipeline/access"
	"orgship/pipeline/registry"
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
		for i := range decisions {
			d := &decisions[i]
			if d.Allowed = d.Allowed || d.Undecided; d.Warning != "" {
				d.Reason += "; warning: " + d.Warning
			}
		}
		return decisions, nil
	}
}

// repositoryOf reads the repository of an image; region is that of one whose name
// doesn't say it.
func repositoryOf(image, region string) (access.Repository, error) {
	r, err := registry.Parse(strings.TrimSpace(image))
	return access.Repository{Account: r.Account, Region: cmp.Or(r.Region, region), Name: r.Name}, err
}
