package org

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// The forms of ids: https://docs.aws.amazon.com/organizations/latest/APIReference/
var (
	rootID = regexp.MustCompile(`^r-[0-9a-z]{4,32}$`)
	ouID   = regexp.MustCompile(`^ou-[0-9a-z]{4,32}-[a-z0-9]{8,32}$`)
	idPath = regexp.MustCompile(`^o-[a-z0-9]{10,32}/r-[0-9a-z]{4,32}/(ou-[0-9a-z]{4,32}-[a-z0-9]{8,32}/)*$`)
)

// OU finds a unit by what people have at hand:
//
//   - its id, "ou-ab12-34567890", or that of the root, "r-ab12"
//   - its org path, "o-…/r-…/ou-…/"
//   - the path of names from the root, "development/team-a"
//   - its name, "team-a", if only one unit has it
//
// A name costs a walk through the tree, an id only the way up to the root. The
// error is an *UnknownOUError with what there is, or an *AmbiguousOUError with
// the candidates.
func (o *Organization) OU(ctx context.Context, reference string) (Unit, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case rootID.MatchString(reference), ouID.MatchString(reference):
		return o.byID(ctx, reference, reference)
	case idPath.MatchString(reference):
		return o.byPath(ctx, reference)
	case strings.Trim(reference, "/") == "":
		return Unit{}, errors.New("no organizational unit is named")
	}
	return o.byName(ctx, reference)
}

// byID finds a unit by its id; reference is what was asked for.
func (o *Organization) byID(ctx context.Context, id, reference string) (Unit, error) {
	u, err := o.unit(ctx, id)
	switch {
	case notFound(err):
		return Unit{}, o.unknown(ctx, reference)
	case err != nil:
		return Unit{}, fmt.Errorf("finding OU %q: %w", reference, err)
	case u.ID != id: // another root than the one there is
		return Unit{}, o.unknown(ctx, reference)
	}
	return u, nil
}

// byPath finds a unit by the last id of its org path, and checks the rest.
func (o *Organization) byPath(ctx context.Context, path string) (Unit, error) {
	ids := strings.Split(strings.TrimSuffix(path, "/"), "/")
	u, err := o.byID(ctx, ids[len(ids)-1], path)
	if err != nil {
		return Unit{}, err
	}
	if u.Path != path {
		return Unit{}, &hinted{fmt.Errorf("there is no OU at %q: %s is at %q", path, u, u.Path), "name it by its id: " + u.ID}
	}
	return u, nil
}

// byName finds a unit by its name or by the names from the root. A path of
// names is unambiguous, since siblings have different ones.
func (o *Organization) byName(ctx context.Context, name string) (Unit, error) {
	all, err := o.all(ctx)
	if err != nil {
		return Unit{}, fmt.Errorf("finding OU %q: %w", name, err)
	}
	path := strings.Trim(name, "/")
	var found []Unit
	for _, u := range all {
		if u.NamePath == path && (strings.Contains(path, "/") || strings.HasPrefix(name, "/")) {
			return u, nil
		}
		if u.Name == path && !strings.HasPrefix(name, "/") {
			found = append(found, u)
		}
	}
	switch len(found) {
	case 0:
		return Unit{}, &UnknownOUError{Reference: name, Known: withoutRoot(all)}
	case 1:
		return found[0], nil
	}
	return Unit{}, &AmbiguousOUError{Reference: name, Candidates: found}
}

// all returns every unit from the root down.
func (o *Organization) all(ctx context.Context) ([]Unit, error) {
	root, err := o.findRoot(ctx)
	if err != nil {
		return nil, err
	}
	var units []Unit
	err = o.walk(ctx, root, func(u Unit) error {
		units = append(units, u)
		return nil
	})
	return units, err
}

// unknown says that there is no such unit and, if that can be found out, what
// there is.
func (o *Organization) unknown(ctx context.Context, reference string) error {
	all, err := o.all(ctx)
	if err != nil {
		all = nil
	}
	return &UnknownOUError{Reference: reference, Known: withoutRoot(all)}
}

func withoutRoot(units []Unit) []Unit {
	return slices.DeleteFunc(units, func(u Unit) bool { return u.NamePath == "" })
}
