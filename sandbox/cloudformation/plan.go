package cloudformation

import (
	"context"
	"errors"
	"maps"
	"slices"

	"orgship/sandbox/cloudformation/bluegreen"
	"orgship/template"
)

// plan is what an update would do.
type plan struct {
	differences []difference
	processed   *template.Template
	green       bool  // a green deployment
	conflict    error // why the hook will refuse it once it runs; nil if it won't
	empty       bool
}

// plan compares a stack with a transformed goal. In a green deployment the
// differences are those to the other colour.
func (s *Service) plan(ctx context.Context, st *stack, g *goal) (*plan, error) {
	all, err := s.differences(ctx, st, g, g.processed)
	if err != nil {
		return nil, err
	}
	p := &plan{differences: all, processed: g.processed}
	if g.hook != nil && st.current != nil {
		if p.green, p.conflict = s.colours(st, g, all); p.green {
			p.processed = g.hook.Processed(g.submitted, g.hook.Live(st.resourceIDs()).Other())
			if p.differences, err = s.differences(ctx, st, g, p.processed); err != nil {
				return nil, err
			}
		}
	}
	if len(p.differences) > 0 || st.current == nil {
		return p, nil
	}
	p.empty, err = s.sameOutputs(ctx, st, g, p.processed)
	return p, err
}

// colours decides whether an update is a green deployment, and whether the hook
// will refuse it.
func (s *Service) colours(st *stack, g *goal, all []difference) (green bool, conflict error) {
	h, live := g.hook, g.hook.Live(st.resourceIDs())
	initiators := h.Initiators(live)
	starts, others := false, false
	for _, d := range all {
		switch {
		case slices.Contains(initiators, d.id):
			starts = starts || d.action == replace
		case d.typeName == "AWS::ECS::PrimaryTaskSet" && d.action == modify:
		default:
			others = true
		}
	}
	if !starts {
		return false, nil
	}
	definition := h.TaskDefinitions[live]
	switch {
	case !bluegreen.Transformed(g.submitted):
		return false, h.SameDefinition(definition)
	case !h.Recognised(st.current.processed, g.processed, live, s.replaces):
		return false, h.SameDefinition(definition)
	case others:
		return false, h.Mixed()
	}
	if name := h.ObscuredParameter(g.processed, live, func(n string) bool { return g.parameters[n].NoEcho }); name != "" {
		return false, h.Obscured(name)
	}
	if reference := h.DynamicReference(g.processed, live, func(n string) string { return g.parameters[n].Text }); reference != "" {
		return false, h.Dynamic(reference)
	}
	return true, nil
}

// sameOutputs reports whether outputs and tags of an update without changed
// resources stay the same too.
//
// Assumption A30: an update that changes nothing but the hook (its routing, its
// wait), parameters that no resource uses or a DeletionPolicy has no changes:
// what counts are resources, outputs and tags.
func (s *Service) sameOutputs(ctx context.Context, st *stack, g *goal, processed *template.Template) (bool, error) {
	c := &comparison{stack: st, goal: g, made: map[string]bool{}}
	r, err := s.resolver(ctx, g, processed, st.id, st.name, c.lookup)
	if err != nil {
		return false, err
	}
	outputs, err := r.Outputs()
	sameTags := maps.Equal(stackTags(g.tags), stackTags(st.current.tags))
	return sameTags && slices.Equal(outputs, st.outputs), err
}

// modelled returns err if it is the sandbox's own limit, nil if it is AWS's
// refusal, which shows later.
func modelled(err error) error {
	var refusal *bluegreen.Error
	if errors.As(err, &refusal) {
		return nil
	}
	return err
}
