package iam

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"orgship/policy"
	"orgship/sandbox/wire"
)

// Role is a role as IAM shows it; field names are those of the API:
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_Role.html
type Role struct {
	Arn                      *string
	AssumeRolePolicyDocument *string // URL-encoded, as IAM answers it
	CreateDate               *time.Time
	Description              *string
	MaxSessionDuration       *int32 // seconds
	Path                     *string
	RoleId                   *string
	RoleName                 *string
	Tags                     []Tag
}

// Tag is a label on a role or provider.
type Tag struct {
	Key   *string
	Value *string
}

// CreateRoleInput is what CreateRole takes.
type CreateRoleInput struct {
	AssumeRolePolicyDocument *string
	Description              *string
	MaxSessionDuration       *int32 // seconds, 3600 (the default) to 43200
	Path                     *string
	RoleName                 *string
	Tags                     []Tag
}

// CreateRoleOutput is what CreateRole answers.
type CreateRoleOutput struct{ Role *Role }

// GetRoleInput names a role of the caller's account.
type GetRoleInput struct{ RoleName *string }

// GetRoleOutput is what GetRole answers.
type GetRoleOutput struct{ Role *Role }

// ListRolesInput pages through roles below a path.
type ListRolesInput struct {
	Marker     *string
	MaxItems   *int32 // 1 to 1000; 100 when nil
	PathPrefix *string
}

// ListRolesOutput is one page of roles, by name.
type ListRolesOutput struct {
	IsTruncated bool
	Marker      *string
	Roles       []Role
}

// DeleteRoleInput names a role of the caller's account.
type DeleteRoleInput struct{ RoleName *string }

// DeleteRoleOutput is empty.
type DeleteRoleOutput struct{}

// UpdateRoleInput changes what can be changed in place; nil leaves as it is.
type UpdateRoleInput struct {
	Description        *string
	MaxSessionDuration *int32
	RoleName           *string
}

// UpdateRoleOutput is empty.
type UpdateRoleOutput struct{}

// UpdateAssumeRolePolicyInput replaces a role's trust policy.
type UpdateAssumeRolePolicyInput struct {
	PolicyDocument *string
	RoleName       *string
}

// UpdateAssumeRolePolicyOutput is empty.
type UpdateAssumeRolePolicyOutput struct{}

// role is the state of a role.
type role struct {
	account     string
	id          string
	name        string
	path        string
	description *string
	maxSession  time.Duration
	created     time.Time
	trust       string
	// trustDocument is trust, parsed.
	trustDocument *policy.Document
	inline        []namedPolicy
	attached      []namedPolicy
	tags          []Tag
}

// The role's session lasts an hour at most unless the role says otherwise.
const (
	minMaxSession = time.Hour
	maxMaxSession = 12 * time.Hour
)

// newRole returns a role after checking name, path and trust policy. Its
// errors are *wire.Error.
func newRole(account, name, path, trust string, now time.Time) (*role, error) {
	if !roleName.MatchString(name) {
		return nil, invalid("roleName", "[\\w+=,.@-]{1,64}", name)
	}
	if !rolePath.MatchString(path) || len(path) > 512 {
		return nil, invalid("path", "(\\u002F)|(\\u002F[\\u0021-\\u007E]+\\u002F)", path)
	}
	document, err := trustPolicy(trust)
	if err != nil {
		return nil, err
	}
	return &role{
		account: account, id: newID("AROA"), name: name, path: path,
		maxSession: minMaxSession, created: now.UTC().Truncate(time.Second), trust: trust, trustDocument: document,
	}, nil
}

// The patterns of the API reference.
var (
	roleName = regexp.MustCompile(`^[\w+=,.@-]{1,64}$`)
	rolePath = regexp.MustCompile(`^(/|/[!-~]+/)$`)
)

func (r *role) arn() string { return roleARN(r.account, r.path, r.name) }

func roleARN(account, path, name string) string {
	return "arn:aws:iam::" + account + ":role" + path + name
}

// show returns the role as the API does.
func (r *role) show() Role {
	arn, trust, seconds := r.arn(), encode(r.trust), int32(r.maxSession/time.Second)
	created, path, id, name := r.created, r.path, r.id, r.name
	return Role{
		Arn: &arn, AssumeRolePolicyDocument: &trust, CreateDate: &created, Description: r.description,
		MaxSessionDuration: &seconds, Path: &path, RoleId: &id, RoleName: &name, Tags: slices.Clone(r.tags),
	}
}

// encode is the encoding of RFC 3986, in which IAM answers policy documents.
func encode(text string) string { return strings.ReplaceAll(url.QueryEscape(text), "+", "%20") }

// add keeps a new role, or says EntityAlreadyExists.
func (a *account) add(r *role) error {
	key := strings.ToLower(r.name)
	if a.roles[key] != nil {
		return &wire.Error{
			Code:    "EntityAlreadyExists",
			Message: "Role with name " + r.name + " already exists.",
			Status:  http.StatusConflict,
		}
	}
	a.roles[key] = r
	return nil
}

// CreateRole makes a role in the caller's account.
func (s *Service) CreateRole(ctx context.Context, in *CreateRoleInput) (*CreateRoleOutput, error) {
	account := Caller(ctx).Account
	path := value(in.Path)
	if path == "" {
		path = "/"
	}
	if err := s.Authorize(ctx, "iam:CreateRole", roleARN(account, path, value(in.RoleName))); err != nil {
		return nil, err
	}
	r, err := newRole(account, value(in.RoleName), path, value(in.AssumeRolePolicyDocument), s.config.Clock.Now())
	if err != nil {
		return nil, err
	}
	if err := r.update(in.Description, in.MaxSessionDuration); err != nil {
		return nil, err
	}
	if r.tags, err = mergeTags(nil, in.Tags); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.checkNamed(r.trustDocument); err != nil {
		return nil, err
	}
	if err := s.account(account).add(r); err != nil {
		return nil, err
	}
	shown := r.show()
	return &CreateRoleOutput{Role: &shown}, nil
}

// update sets description and maximum session duration where given.
func (r *role) update(description *string, maxSession *int32) error {
	if description != nil {
		r.description = description
	}
	if maxSession == nil {
		return nil
	}
	d := time.Duration(*maxSession) * time.Second
	if d < minMaxSession || d > maxMaxSession {
		return wire.Errorf("ValidationError", "MaxSessionDuration must be between 3600 and 43200 seconds, not %d", *maxSession)
	}
	r.maxSession = d
	return nil
}

// GetRole shows a role.
func (s *Service) GetRole(ctx context.Context, in *GetRoleInput) (*GetRoleOutput, error) {
	out := &GetRoleOutput{}
	err := s.withRole(ctx, "iam:GetRole", in.RoleName, func(r *role) error {
		shown := r.show()
		out.Role = &shown
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// ListRoles shows the roles of the caller's account, a page at a time.
func (s *Service) ListRoles(ctx context.Context, in *ListRolesInput) (*ListRolesOutput, error) {
	account := Caller(ctx).Account
	prefix := value(in.PathPrefix)
	if err := s.Authorize(ctx, "iam:ListRoles", "arn:aws:iam::"+account+":role/"+strings.TrimPrefix(prefix, "/")); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var names []string
	for name, r := range s.account(account).roles {
		if strings.HasPrefix(r.path, prefix) {
			names = append(names, name)
		}
	}
	names, marker, err := cut("ListRoles", names, in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	out := &ListRolesOutput{IsTruncated: marker != nil, Marker: marker}
	for _, name := range names {
		shown := s.account(account).roles[name].show()
		shown.Tags = nil // as the API: GetRole shows them
		out.Roles = append(out.Roles, shown)
	}
	return out, nil
}

// DeleteRole removes a role that has no policies left.
func (s *Service) DeleteRole(ctx context.Context, in *DeleteRoleInput) (*DeleteRoleOutput, error) {
	return &DeleteRoleOutput{}, s.withRole(ctx, "iam:DeleteRole", in.RoleName, func(r *role) error {
		if len(r.attached) > 0 {
			return deleteConflict("must detach all policies first.")
		}
		if len(r.inline) > 0 {
			return deleteConflict("must delete policies first.")
		}
		delete(s.account(r.account).roles, strings.ToLower(r.name))
		return nil
	})
}

func deleteConflict(why string) error {
	return &wire.Error{
		Code:    "DeleteConflict",
		Message: "Cannot delete entity, " + why,
		Status:  http.StatusConflict,
	}
}

// UpdateRole changes a role's description or maximum session duration.
func (s *Service) UpdateRole(ctx context.Context, in *UpdateRoleInput) (*UpdateRoleOutput, error) {
	return &UpdateRoleOutput{}, s.withRole(ctx, "iam:UpdateRole", in.RoleName, func(r *role) error {
		return r.update(in.Description, in.MaxSessionDuration)
	})
}

// UpdateAssumeRolePolicy replaces a role's trust policy.
func (s *Service) UpdateAssumeRolePolicy(ctx context.Context, in *UpdateAssumeRolePolicyInput) (*UpdateAssumeRolePolicyOutput, error) {
	return &UpdateAssumeRolePolicyOutput{}, s.withRole(ctx, "iam:UpdateAssumeRolePolicy", in.RoleName, func(r *role) error {
		document, err := trustPolicy(value(in.PolicyDocument))
		if err != nil {
			return err
		}
		if err := s.checkNamed(document); err != nil {
			return err
		}
		r.trust, r.trustDocument = value(in.PolicyDocument), document
		return nil
	})
}

// withRole authorizes an action on a role of the caller's account and runs f
// on it under the mutex; NoSuchEntity when there is no such role.
func (s *Service) withRole(ctx context.Context, action string, name *string, f func(*role) error) error {
	return s.withRoleConditions(ctx, action, name, nil, f)
}

func (s *Service) withRoleConditions(ctx context.Context, action string, name *string, conditions map[string][]string, f func(*role) error) error {
	account := Caller(ctx).Account
	if err := s.AuthorizeWith(ctx, action, s.existingARN(account, value(name)), conditions); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.account(account).roles[strings.ToLower(value(name))]
	if r == nil {
		return noSuchRole(value(name))
	}
	return f(r)
}

// existingARN returns the ARN of a role with its path, or without when there is
// no such role.
func (s *Service) existingARN(account, name string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r := s.account(account).roles[strings.ToLower(name)]; r != nil {
		return r.arn()
	}
	return roleARN(account, "/", name)
}

func noSuchRole(name string) error {
	return noSuchEntity("The role with name " + name + " cannot be found.")
}

func noSuchEntity(message string) error {
	return &wire.Error{Code: "NoSuchEntity", Message: message, Status: http.StatusNotFound}
}

// invalid says that a value does not have the form the API wants.
func invalid(member, pattern, value string) error {
	return wire.Errorf("ValidationError",
		"1 validation error detected: Value '%s' at '%s' failed to satisfy constraint: Member must satisfy regular expression pattern: %s",
		value, member, pattern)
}

func value(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
