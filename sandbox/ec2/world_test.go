package ec2_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"testing"

	"orgship/sandbox/ec2"
	"orgship/sandbox/iam"
	"orgship/sandbox/wire"
)

const account = "222222222222"

// allow lets everybody do all but the denied actions.
type allow struct{ denied []string }

func (a allow) Authorize(_ context.Context, action, arn string) error {
	if slices.Contains(a.denied, action) {
		return wire.Errorf("AccessDenied", "not authorized to perform %s on %s", action, arn)
	}
	return nil
}

func (a allow) AuthorizeWith(ctx context.Context, action, arn string, _ map[string][]string) error {
	return a.Authorize(ctx, action, arn)
}

// world is a service with the default VPC of one account.
type world struct {
	*ec2.Service
	t   *testing.T
	ctx context.Context
	vpc ec2.DefaultVPC
}

func newWorld(t *testing.T, denied ...string) *world {
	t.Helper()
	s := ec2.New(ec2.Config{Region: "eu-west-1", Auth: allow{denied}})
	return &world{Service: s, t: t, vpc: s.AddDefaultVPC(account), ctx: as(account)}
}

func as(account string) context.Context {
	return iam.WithPrincipal(context.Background(), iam.Principal{Account: account})
}

// code returns the AWS error code of err, "" for none.
func code(err error) string {
	var e *wire.Error
	switch {
	case err == nil:
		return ""
	case errors.As(err, &e):
		return e.Code
	}
	return fmt.Sprintf("no AWS error: %v", err)
}

// group makes a security group without any rule.
func (w *world) group(name string) string {
	w.t.Helper()
	out, err := w.CreateSecurityGroup(w.ctx, &ec2.CreateSecurityGroupInput{GroupName: &name, Description: ptr("test")})
	if err != nil {
		w.t.Fatal(err)
	}
	all := []ec2.IpPermission{{IpProtocol: ptr("-1"), IpRanges: []ec2.IpRange{{CidrIp: ptr("0.0.0.0/0")}}}}
	if _, err := w.RevokeSecurityGroupEgress(w.ctx, &ec2.SecurityGroupRulesInput{GroupId: out.GroupId, IpPermissions: all}); err != nil {
		w.t.Fatal(err)
	}
	return *out.GroupId
}

// tcp is a permission for a port, for a group or an address block.
func tcp(from, to int32, peer string) []ec2.IpPermission {
	p := ec2.IpPermission{IpProtocol: ptr("tcp"), FromPort: &from, ToPort: &to}
	switch {
	case len(peer) > 3 && peer[:3] == "sg-":
		p.UserIdGroupPairs = []ec2.UserIdGroupPair{{GroupId: &peer}}
	case peer == "::/0":
		p.Ipv6Ranges = []ec2.Ipv6Range{{CidrIpv6: &peer}}
	default:
		p.IpRanges = []ec2.IpRange{{CidrIp: &peer}}
	}
	return []ec2.IpPermission{p}
}

func (w *world) ingress(group string, p []ec2.IpPermission) error {
	_, err := w.AuthorizeSecurityGroupIngress(w.ctx, &ec2.SecurityGroupRulesInput{GroupId: &group, IpPermissions: p})
	return err
}

func (w *world) egress(group string, p []ec2.IpPermission) error {
	_, err := w.AuthorizeSecurityGroupEgress(w.ctx, &ec2.SecurityGroupRulesInput{GroupId: &group, IpPermissions: p})
	return err
}

// attach makes an interface whose holder answers every dial.
func (w *world) attach(groups ...string) *ec2.ENI {
	w.t.Helper()
	eni, err := w.Attach(w.ctx, ec2.Interface{
		Account: account, SubnetID: w.vpc.SubnetIDs[0], SecurityGroups: groups,
		Dial: func(context.Context, int) (net.Conn, error) {
			client, server := net.Pipe()
			server.Close()
			return client, nil
		},
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return eni
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func ptr[T any](v T) *T { return &v }
