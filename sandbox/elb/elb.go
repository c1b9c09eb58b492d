// Package elb is Elastic Load Balancing (Application Load Balancers) on
// loopback: the control plane answers as the API does, and behind each listener
// stands a real HTTP proxy that forwards by rule and by weight to targets whose
// health it checks.
//
// API: https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/Welcome.html
package elb

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"slices"
	"sync"

	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"orgship/sandbox/clock"
	"orgship/sandbox/iam"
	"orgship/sandbox/wire"
)

// Network is the account's network as a load balancer uses it.
type Network interface {
	// Dial connects to a private address; from are the dialler's security
	// groups, and the account is that of the principal in ctx.
	Dial(ctx context.Context, from []string, ip string, port int) (net.Conn, error)
	// AllowsInternet reports whether the groups let 0.0.0.0/0 in on port.
	AllowsInternet(account string, groups []string, port int) bool
	// AllowsAnybody reports whether the groups let anybody in on port.
	AllowsAnybody(account string, groups []string, port int) bool
}

// Subnet is what a load balancer needs to know of a subnet.
type Subnet struct {
	ID           string // subnet-…
	VPC          string // vpc-…
	Zone         string // eu-west-1a
	DefaultGroup string // sg-…, the default security group of the VPC; may be empty
	Gateway      bool   // the VPC has an internet gateway
}

// Config is what the service needs.
type Config struct {
	Clock   clock.Clock
	Region  string
	Auth    iam.Authorizer
	Network Network
	// Subnets looks up subnets of the caller's account, in the order asked
	// for. A subnet that is missing is an error, answered as SubnetNotFound.
	Subnets func(ctx context.Context, ids []string) ([]Subnet, error)
	// Groups checks that the caller's account has these security groups in a VPC;
	// its error is answered as InvalidSecurityGroup. It may be nil.
	Groups func(ctx context.Context, vpc string, ids []string) error
	// Certificates looks up a certificate of an account's with its key, and whether
	// there is one; one that isn't issued yet is there and nil. Without it there are none.
	Certificates func(account, arn string) (issued *tls.Certificate, there bool)
}

// Service is Elastic Load Balancing of all accounts in one region.
type Service struct {
	cfg Config

	mu       sync.Mutex
	accounts map[string]*account
	closed   bool
}

// account is what one account owns, each list in the order of creation.
type account struct {
	id        string
	balancers []*balancer
	groups    []*group
	listeners []*listener
	tags      map[string][]tag // by ARN
}

// New returns an empty service.
func New(cfg Config) *Service {
	return &Service{cfg: cfg, accounts: map[string]*account{}}
}

// Close stops all listeners and health checks. Open requests may finish until
// ctx is done; then their connections are closed.
func (s *Service) Close(ctx context.Context) error {
	s.mu.Lock()
	s.closed = true
	accounts := s.accounts
	s.accounts = map[string]*account{}
	s.mu.Unlock()

	var wg sync.WaitGroup
	var mu sync.Mutex
	var errs []error
	for _, a := range accounts {
		for _, l := range a.listeners {
			wg.Go(func() {
				err := l.front.shutdown(ctx)
				mu.Lock()
				defer mu.Unlock()
				errs = append(errs, err)
			})
		}
	}
	wg.Wait()
	for _, a := range accounts {
		for _, g := range a.groups {
			g.pool.close()
		}
		for _, b := range a.balancers {
			errs = append(errs, b.address.release())
		}
	}
	return errors.Join(errs...)
}

// caller returns the caller's account; the service's mutex must be held.
func (s *Service) caller(ctx context.Context) *account {
	id := iam.Caller(ctx).Account
	a := s.accounts[id]
	if a == nil {
		a = &account{id: id, tags: map[string][]tag{}}
		if !s.closed {
			s.accounts[id] = a
		}
	}
	return a
}

// HasGroup reports whether a load balancer of the account has the security group.
func (s *Service) HasGroup(account, group string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.accounts[account]
	return a != nil && slices.ContainsFunc(a.balancers, func(b *balancer) bool { return slices.Contains(b.SecurityGroups, group) })
}

// HasSubnet reports whether a load balancer of the account is in the subnet.
func (s *Service) HasSubnet(account, subnet string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.accounts[account]
	return a != nil && slices.ContainsFunc(a.balancers, func(b *balancer) bool {
		return slices.ContainsFunc(b.AvailabilityZones, func(z types.AvailabilityZone) bool { return val(z.SubnetId) == subnet })
	})
}

// authorize asks for "elasticloadbalancing:<operation>" on each resource.
func (s *Service) authorize(ctx context.Context, operation string, arns ...string) error {
	for _, arn := range arns {
		if err := s.cfg.Auth.Authorize(ctx, "elasticloadbalancing:"+operation, arn); err != nil {
			return err
		}
	}
	return nil
}

// open returns an error once the service is closed, so that nothing starts
// listening afterwards; the service's mutex must be held.
func (s *Service) open() error {
	if s.closed {
		return &wire.Error{Code: "ServiceUnavailable", Message: "the sandbox is closing", Status: 503}
	}
	return nil
}

// val returns what p points to, or the zero value.
func val[T any](p *T) T {
	if p == nil {
		return *new(T)
	}
	return *p
}
