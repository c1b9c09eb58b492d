package cloudformation

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	cfn "github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"orgship/sandbox/cloudformation/document"
)

// exportsPerPage is how many exports or imports a page has.
const exportsPerPage = 100

// exported finds what the caller's account exports under a name, nil for nothing.
// Call it with s.mu held.
func (s *Service) exported(ctx context.Context, name string) (*stack, string) {
	for _, st := range s.account(ctx).stacks {
		if st.status == types.StackStatusDeleteComplete {
			continue
		}
		for _, o := range st.outputs {
			if o.Export == name {
				return st, o.Value
			}
		}
	}
	return nil, ""
}

// imported returns the value of an export, for Fn::ImportValue.
// https://github.com/aws-cloudformation/aws-cloudformation-templates/issues/263
func (s *Service) imported(ctx context.Context, name string) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	st, value := s.exported(ctx, name)
	if st == nil {
		return nil, invalid("No export named %s found", name)
	}
	return value, nil
}

// importers returns the names of the other stacks that use an export. Call it with
// s.mu held.
func (s *Service) importers(ctx context.Context, name string, but *stack) []string {
	var names []string
	for _, st := range s.account(ctx).stacks {
		if st != but && (slices.Contains(st.imports, name) || slices.Contains(st.importing, name)) {
			names = append(names, st.name)
		}
	}
	return names
}

// holdImports notes which exports the goal uses before anything is made: from here
// on nobody can take them away. It refuses those that there aren't.
func (o *operation) holdImports(ctx context.Context) error {
	var names []string
	unknown := func(id, attribute string) (any, error) {
		return document.Unknown{Resource: id, Attribute: attribute}, nil
	}
	r := o.resolver.With(unknown).Importing(func(name string) (any, error) {
		names = append(names, name)
		return unknown(name, "")
	})
	for _, res := range r.Resources() {
		if _, err := r.Properties(res.ID); err != nil {
			return err
		}
	}
	if _, err := r.Outputs(); err != nil {
		return err
	}
	o.service.mu.Lock()
	defer o.service.mu.Unlock()
	for _, name := range names {
		if st, _ := o.service.exported(ctx, name); st == nil {
			return invalid("No export named %s found", name)
		}
	}
	slices.Sort(names)
	o.stack.importing = slices.Compact(names)
	return nil
}

// settleImports makes the imports of the operation those of the stack, or forgets
// them. Call it with s.mu held.
func (st *stack) settleImports(ok bool) {
	if ok {
		st.imports = st.importing
	}
	st.importing = nil
}

// exportable says why a stack can't have outputs, "" if it can: names are unique,
// and what another stack uses stays as it is. Call it with s.mu held.
func (s *Service) exportable(ctx context.Context, st *stack, outputs []document.Output) string {
	for _, o := range outputs {
		if other, _ := s.exported(ctx, o.Export); o.Export != "" && other != nil && other != st {
			return "Export with name " + o.Export + " is already exported by stack " + other.name
		}
	}
	for _, was := range st.outputs {
		if was.Export == "" {
			continue
		}
		users := strings.Join(s.importers(ctx, was.Export, st), ", ")
		i := slices.IndexFunc(outputs, func(o document.Output) bool { return o.Export == was.Export })
		switch {
		case users == "":
		case i < 0:
			return "Export " + was.Export + " cannot be deleted as it is in use by " + users
		case outputs[i].Value != was.Value:
			return "Export " + was.Export + " cannot be updated as it is in use by " + users
		}
	}
	return ""
}

// ListExports lists what the caller's account exports, by name.
func (s *Service) ListExports(ctx context.Context, in *cfn.ListExportsInput) (*cfn.ListExportsOutput, error) {
	if err := s.authorize(ctx, "ListExports", ""); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []types.Export
	for _, st := range s.account(ctx).stacks {
		if st.status == types.StackStatusDeleteComplete {
			continue
		}
		for _, o := range st.outputs {
			if o.Export != "" {
				all = append(all, types.Export{ExportingStackId: &st.id, Name: aws.String(o.Export), Value: aws.String(o.Value)})
			}
		}
	}
	slices.SortFunc(all, func(a, b types.Export) int { return strings.Compare(*a.Name, *b.Name) })
	some, next, err := pageOf("ListExports", all, func(e types.Export) string { return *e.Name }, in.NextToken, exportsPerPage)
	return &cfn.ListExportsOutput{Exports: some, NextToken: next}, err
}

// ListImports lists the stacks that use an export.
func (s *Service) ListImports(ctx context.Context, in *cfn.ListImportsInput) (*cfn.ListImportsOutput, error) {
	if err := s.authorize(ctx, "ListImports", ""); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	name := aws.ToString(in.ExportName)
	users := s.importers(ctx, name, nil)
	if len(users) == 0 {
		// Assumption A175: a name that nobody exports gets the same words.
		return nil, invalid("Export '%s' is not imported by any stack.", name)
	}
	slices.Sort(users)
	some, next, err := pageOf("ListImports "+name, users, func(s string) string { return s }, in.NextToken, exportsPerPage)
	return &cfn.ListImportsOutput{Imports: some, NextToken: next}, err
}
