// Package elb is Elastic Load Balancing (Application Load Balancers) on
// loopback: the control plane answers as the API does, and behind each listener
// stands a real HTTP proxy that forwards by rule and by weight to targets whose
// health it checks.
//
// API: https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/Welcome.html
package elb

import (
	"context"
	"net"

	"orgship/sandbox/clock"
)

// Authorizer decides whether the caller in ctx may do an action.
type Authorizer interface {
	Authorize(ctx context.Context, action, resourceARN string) error
}

// Network is the account's network as a load balancer uses it.
type Network interface {
	// Dial connects to a private address; from are the dialler's security
	// groups, and the account is that of the principal in ctx.
	Dial(ctx context.Context, from []string, ip string, port int) (net.Conn, error)
	// AllowsInternet reports whether the groups let 0.0.0.0/0 in on port.
	AllowsInternet(account string, groups []string, port int) bool
}

// Subnet is what a load balancer needs to know of a subnet.
type Subnet struct {
	ID           string // subnet-…
	VPC          string // vpc-…
	Zone         string // eu-west-1a
	DefaultGroup string // sg-…, the default security group of the VPC; may be empty
}

// Config is what the service needs.
type Config struct {
	Clock   clock.Clock
	Region  string
	Auth    Authorizer
	Network Network
	// Subnets looks up subnets of the caller's account in the order asked for;
	// its error (InvalidSubnetID.NotFound) is passed on as SubnetNotFound.
	Subnets func(ctx context.Context, ids []string) ([]Subnet, error)
}
