package release

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"

	"orgship/cfn"
	"orgship/pipeline/org"
	"orgship/pipeline/report"
	"orgship/pipeline/stack"
)

// units finds organizational units.
type units interface {
	Describe(ctx context.Context) (org.Info, error)
	OU(ctx context.Context, reference string) (org.Unit, error)
}

// Shared is a repository that an organizational unit may pull from.
type Shared struct {
	Stack      string // "": the repository's name, with -ecr
	Repository string // its name; "": the template's default
	// Unit is the organizational unit whose accounts may pull: its id, name,
	// path of names or org path.
	Unit         string
	ImagesToKeep int    // 0: the template's default
	Template     []byte // nil: cfn/ecr-repository.yaml
	DryRun       bool   // stops after the plan; the URI is "" then
}

// defaultStack is the stack of the template's default repository.
const defaultStack = "demoecshwapp-ecr"

// stackName is a stack's name for a repository: two don't share one.
func (s Shared) stackName() string {
	if s.Repository == "" {
		return defaultStack
	}
	name := regexp.MustCompile(`[^a-zA-Z0-9]+`).ReplaceAllString(s.Repository, "-")
	if name[0] >= '0' && name[0] <= '9' {
		name = "ecr-" + name // a stack's name begins with a letter
	}
	return name + "-ecr"
}

// Share deploys the repository into the account of the releaser, which is the
// shared services account, and returns its URI. Organization must be asked with
// credentials of the management account or of a delegated administrator.
func (r *Releaser) Share(ctx context.Context, organization units, s Shared) (uri string, _ report.Report, _ error) {
	s.Stack = cmp.Or(s.Stack, s.stackName())
	w := r.newRun(report.Share, Request{Stack: s.Stack}, report.UnitStep, report.PlanStep, report.ApplyStep)
	uri, res, err := w.share(w.traced(ctx), organization, s)
	if uri != "" {
		w.rec.Edit(func(p *report.Report) { p.URLs = map[string]string{"repository": uri} })
	}
	document, err := w.finish(ctx, res, err)
	return uri, document, err
}

func (w *run) share(ctx context.Context, organization units, s Shared) (uri string, _ result, _ error) {
	var parameters map[string]string
	err := w.step(ctx, report.UnitStep, func(ctx context.Context) (report.State, string, error) {
		info, err := organization.Describe(ctx)
		if err != nil {
			return report.Done, "", err
		}
		unit, err := organization.OU(ctx, s.Unit)
		if err != nil {
			return report.Done, "", err
		}
		parameters = s.parameters(info, unit)
		return report.Done, fmt.Sprintf("%s (%s)", unit.NamePath, unit.Path), nil
	})
	if err != nil {
		return "", result{}, err
	}
	err = w.step(ctx, report.PlanStep, func(ctx context.Context) (report.State, string, error) {
		if err := w.ownRepository(ctx, s); err != nil {
			return report.Done, "", err
		}
		body := s.Template
		if body == nil {
			body = cfn.ECRRepository()
		}
		plan, err := w.cfg.Stacks.Plan(ctx, stack.Request{Name: s.Stack, Template: body, Parameters: parameters})
		w.proposal.plan = plan
		w.showPlan(plan)
		return report.Done, describe(plan), err
	})
	if err != nil {
		return "", result{}, err
	}
	return w.applyShared(ctx, s)
}

// repositoryParameter is the parameter that names the repository.
const repositoryParameter = "RepositoryName"

// ownRepository refuses to give a stack another repository than it has: the one
// that it has would be left behind, in no stack.
func (w *run) ownRepository(ctx context.Context, s Shared) error {
	now, err := w.cfg.Stacks.Describe(ctx, s.Stack)
	var none *stack.NotFoundError
	if errors.As(err, &none) {
		return nil
	}
	if err != nil {
		return err
	}
	if has := now.Parameters[repositoryParameter]; s.Repository != "" && has != "" && has != s.Repository && !unborn(now.Status) {
		return &OtherRepositoryError{Stack: s.Stack, Has: has, Wanted: s.Repository}
	}
	return nil
}

// OtherRepositoryError says that a stack has another repository already.
type OtherRepositoryError struct{ Stack, Has, Wanted string }

func (e *OtherRepositoryError) Error() string {
	return fmt.Sprintf("stack %q has the repository %q already, not %q", e.Stack, e.Has, e.Wanted)
}

// Hint says what to do about it.
func (e *OtherRepositoryError) Hint() string {
	return "name another stack for it: --stack " + e.Wanted
}

// Refusal says that it is a refusal, not work that could not be done.
func (e *OtherRepositoryError) Refusal() bool { return true }

func (s Shared) parameters(info org.Info, unit org.Unit) map[string]string {
	p := map[string]string{"OrgID": info.ID, "DevOrgUnitID": unit.ID}
	if s.Repository != "" {
		p[repositoryParameter] = s.Repository
	}
	if s.ImagesToKeep > 0 {
		p["ImagesToKeep"] = strconv.Itoa(s.ImagesToKeep)
	}
	return p
}

// applyShared carries the plan out, if there is anything to do.
func (w *run) applyShared(ctx context.Context, s Shared) (uri string, res result, err error) {
	if s.DryRun {
		w.cfg.Stacks.Discard(ctx, w.proposal.plan)
		return "", result{report.Successful, report.Unchanged, "dry run: " + describe(w.proposal.plan)}, nil
	}
	err = w.step(ctx, report.ApplyStep, func(ctx context.Context) (report.State, string, error) {
		if w.proposal.plan.Class == report.NothingToDo {
			res = result{report.Successful, report.Unchanged, "the repository is shared as it should be"}
			return report.Skipped, w.proposal.plan.Why, nil
		}
		begun, err := w.cfg.Stacks.Begin(ctx, w.proposal.plan)
		if err != nil {
			return report.Done, "", err
		}
		end, err := w.cfg.Stacks.Watch(ctx, begun.From, func(e stack.Event) { w.rec.Event(eventOf(e)) })
		if res = (result{report.Successful, report.Released, "the repository is shared with " + s.Unit}); err != nil {
			res = resultOf(ctx, err)
		}
		return report.Done, end.Status, err
	})
	if err != nil {
		return "", res, err
	}
	now, err := w.cfg.Stacks.Describe(ctx, s.Stack)
	if err != nil {
		return "", result{}, &stepError{report.ApplyStep, err}
	}
	w.rec.Edit(func(p *report.Report) { p.Stack.ID, p.Stack.Status = now.ID, now.Status })
	return now.Outputs["RepositoryUri"], res, nil
}
