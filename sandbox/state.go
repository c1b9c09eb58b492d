package sandbox

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"orgship/sandbox/iam"
)

// State is what there is in the sandbox, beyond what it began with: names by
// account and kind, such as state["222222222222"]["ecs:service"]. Accounts and
// kinds of which there is nothing are left out, so that a sandbox as it began
// has an empty State. The kinds are
//
//	acm:certificate
//	cloudformation:stack
//	cloudformation:stack-set      with the management account, whoever made them
//	codebuild:project, codebuild:report-group
//	codebuild:build               those that run
//	ec2:network-interface         attached to a task
//	ec2:security-group
//	ec2:vpc, ec2:subnet, ec2:internet-gateway, ec2:route-table, ec2:elastic-ip,
//	ec2:natgateway, ec2:vpc-endpoint       those that the account didn't begin with
//	ecr:repository
//	ecs:cluster, ecs:service, ecs:task, ecs:task-set
//	ecs:task-definition           those that are active
//	elasticloadbalancing:loadbalancer, elasticloadbalancing:targetgroup
//	iam:oidc-provider, iam:policy, iam:role
//	logs:log-group
//	organizations:account         made by CreateAccount: its name
//	organizations:delegated-administrator  service principals, beyond the first one
//	organizations:service-access           service principals, with the management account
//	secretsmanager:secret         those that aren't marked for deletion
//	ssm:parameter
type State map[string]map[string][]string

// String lists the state, a line for each name.
func (s State) String() string {
	var b strings.Builder
	for _, account := range slices.Sorted(maps.Keys(s)) {
		for _, kind := range slices.Sorted(maps.Keys(s[account])) {
			for _, name := range s[account][kind] {
				fmt.Fprintf(&b, "%s %s %s\n", account, kind, name)
			}
		}
	}
	return b.String()
}

// State returns what there is. It asks the services as a client would, so it is
// no snapshot of one moment while something is going on.
func (s *Sandbox) State(ctx context.Context) (State, error) {
	state := State{}
	for _, a := range s.Accounts() {
		found, err := s.inventory(iam.AsService(ctx, a.ID, "sandbox"))
		if err != nil {
			return nil, fmt.Errorf("looking at account %s: %w", a.ID, err)
		}
		if _, began := s.organization.OrgPath(a.ID); !began {
			found["organizations:account"] = []string{a.Name}
		}
		if len(found) > 0 {
			state[a.ID] = found
		}
	}
	return state, nil
}

// inventory is what the caller's account has, by kind.
func (s *Sandbox) inventory(ctx context.Context) (map[string][]string, error) {
	found := map[string][]string{}
	add := func(kind, name string) {
		began := kind == "iam:role" && name == accessRole || kind == "ssm:parameter" && name == bootstrapVersion
		if !began {
			found[kind] = append(found[kind], name)
		}
	}
	for _, svc := range s.rooms.services() {
		i, ok := svc.room.(interface {
			Inventory(ctx context.Context, add func(kind, name string)) error
		})
		if !ok {
			continue
		}
		if err := i.Inventory(ctx, add); err != nil {
			return nil, err
		}
	}
	return found, nil
}
