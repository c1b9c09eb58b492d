package elb

import (
	"context"
	"net/netip"
	"slices"
	"strconv"

	elbv2 "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"orgship/sandbox/wire"
)

// endpoint identifies a target within its group.
type endpoint struct {
	ip   string
	port int
}

// RegisterTargets registers IP addresses; they get requests once a health
// check has passed. Registering a draining target takes it back.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_RegisterTargets.html
func (s *Service) RegisterTargets(ctx context.Context, in *elbv2.RegisterTargetsInput) (*elbv2.RegisterTargetsOutput, error) {
	arn := val(in.TargetGroupArn)
	if err := s.authorize(ctx, "RegisterTargets", arn); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	g, err := s.caller(ctx).group(arn)
	if err != nil {
		return nil, err
	}
	ends, err := g.endpoints(in.Targets)
	if err != nil {
		return nil, err
	}
	for i, e := range ends {
		g.pool.register(e, in.Targets[i].AvailabilityZone)
	}
	return &elbv2.RegisterTargetsOutput{}, nil
}

// endpoints checks targets and fills in the group's port.
func (g *group) endpoints(targets []types.TargetDescription) ([]endpoint, error) {
	if len(targets) == 0 {
		return nil, required("target")
	}
	var out []endpoint
	for _, t := range targets {
		ip, err := netip.ParseAddr(val(t.Id))
		if err != nil || !ip.Is4() {
			return nil, invalid("The IP address '%s' is not a valid IPv4 address", val(t.Id))
		}
		if !ip.IsPrivate() && !netip.MustParsePrefix("100.64.0.0/10").Contains(ip) {
			return nil, wire.Errorf("InvalidTarget", "The IP address '%s' is not within the VPC of the target group or a private range", ip)
		}
		port := *g.Port
		if t.Port != nil {
			port = *t.Port
		}
		if port < 1 || port > 65535 {
			return nil, invalid("Port '%d' is not valid. Specify a value from 1 to 65535", port)
		}
		out = append(out, endpoint{ip.String(), int(port)})
	}
	return out, nil
}

// DeregisterTargets drains targets: they get no further requests, those under
// way go on, and after the deregistration delay the targets are gone. Without
// a port, all ports of the address are meant. An unknown target is no error.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DeregisterTargets.html
func (s *Service) DeregisterTargets(ctx context.Context, in *elbv2.DeregisterTargetsInput) (*elbv2.DeregisterTargetsOutput, error) {
	arn := val(in.TargetGroupArn)
	if err := s.authorize(ctx, "DeregisterTargets", arn); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	g, err := s.caller(ctx).group(arn)
	if err != nil {
		return nil, err
	}
	if len(in.Targets) == 0 {
		return nil, required("target")
	}
	for _, t := range in.Targets {
		g.pool.deregister(val(t.Id), int(val(t.Port)))
	}
	return &elbv2.DeregisterTargetsOutput{}, nil
}

// DescribeTargetHealth tells the state of all targets or of those asked for.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeTargetHealth.html
func (s *Service) DescribeTargetHealth(ctx context.Context, in *elbv2.DescribeTargetHealthInput) (*elbv2.DescribeTargetHealthOutput, error) {
	if err := s.authorize(ctx, "DescribeTargetHealth", "*"); err != nil {
		return nil, err
	}
	if len(in.Include) > 0 {
		return nil, wire.NotModelled("including %v in target health", in.Include)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	g, err := s.caller(ctx).group(val(in.TargetGroupArn))
	if err != nil {
		return nil, err
	}
	all := g.pool.describe()
	if len(in.Targets) == 0 {
		return &elbv2.DescribeTargetHealthOutput{TargetHealthDescriptions: all}, nil
	}
	ends, err := g.endpoints(in.Targets)
	if err != nil {
		return nil, err
	}
	out := &elbv2.DescribeTargetHealthOutput{}
	for _, e := range ends {
		i := slices.IndexFunc(all, func(d types.TargetHealthDescription) bool {
			return *d.Target.Id == e.ip && int(*d.Target.Port) == e.port
		})
		if i < 0 {
			out.TargetHealthDescriptions = append(out.TargetHealthDescriptions, notRegistered(e))
			continue
		}
		out.TargetHealthDescriptions = append(out.TargetHealthDescriptions, all[i])
	}
	return out, nil
}

func notRegistered(e endpoint) types.TargetHealthDescription {
	return types.TargetHealthDescription{
		HealthCheckPort: new(strconv.Itoa(e.port)),
		Target:          &types.TargetDescription{Id: new(e.ip), Port: new(int32(e.port))},
		TargetHealth: &types.TargetHealth{
			State:       types.TargetHealthStateEnumUnused,
			Reason:      types.TargetHealthReasonEnumNotRegistered,
			Description: new("Target is not registered to the target group"),
		},
	}
}
