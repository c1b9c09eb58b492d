package elb

import (
	"cmp"
	"context"
	"slices"

	elbv2 "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"orgship/sandbox/wire"
)

// group is one target group; its targets live in its pool.
type group struct {
	types.TargetGroup
	attributes attributes
	pool       *pool
}

func (g *group) arn() string { return *g.TargetGroupArn }

// CreateTargetGroup creates a target group of type ip. It is idempotent.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateTargetGroup.html
func (s *Service) CreateTargetGroup(ctx context.Context, in *elbv2.CreateTargetGroupInput) (*elbv2.CreateTargetGroupOutput, error) {
	name := val(in.Name)
	arn := s.arn(ctx, "targetgroup/"+name+"/"+newID())
	if err := s.authorizeCreate(ctx, "CreateTargetGroup", arn, in.Tags); err != nil {
		return nil, err
	}
	if err := first(checkGroup(in), checkTags(in.Tags)); err != nil {
		return nil, err
	}
	wants, err := groupOf(in, arn)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.open(); err != nil {
		return nil, err
	}
	a := s.caller(ctx)
	if old := a.groupNamed(name); old != nil {
		if !sameGroup(old.TargetGroup, wants) {
			return nil, duplicateName("target group", name)
		}
		return &elbv2.CreateTargetGroupOutput{TargetGroups: []types.TargetGroup{old.TargetGroup}}, nil
	}
	g := &group{TargetGroup: wants, attributes: groupAttributes(), pool: newPool(s.cfg.Clock)}
	g.configure()
	a.groups = append(a.groups, g)
	a.addTags(arn, in.Tags)
	return &elbv2.CreateTargetGroupOutput{TargetGroups: []types.TargetGroup{g.TargetGroup}}, nil
}

// checkGroup refuses what is wrong and what is not modelled.
func checkGroup(in *elbv2.CreateTargetGroupInput) error {
	if err := checkName("Target group", val(in.Name)); err != nil {
		return err
	}
	switch {
	case cmp.Or(in.TargetType, types.TargetTypeEnumInstance) != types.TargetTypeEnumIp:
		return wire.NotModelled("target type %s (only ip)", cmp.Or(in.TargetType, types.TargetTypeEnumInstance))
	case in.Protocol == "":
		return required("protocol")
	case in.Protocol != types.ProtocolEnumHttp:
		return wire.NotModelled("target group protocol %s (only HTTP)", in.Protocol)
	case !slices.Contains([]string{"", "HTTP1", http2Version}, val(in.ProtocolVersion)):
		return wire.NotModelled("target group protocol version %s (only HTTP1 and HTTP2)", *in.ProtocolVersion)
	case cmp.Or(in.IpAddressType, types.TargetGroupIpAddressTypeEnumIpv4) != types.TargetGroupIpAddressTypeEnumIpv4:
		return wire.NotModelled("target group IP address type %s (only ipv4)", in.IpAddressType)
	case in.Port == nil:
		return required("port")
	case *in.Port < 1 || *in.Port > 65535:
		return invalid("Port '%d' is not valid. Specify a value from 1 to 65535", *in.Port)
	case val(in.VpcId) == "":
		return required("VPC ID")
	}
	return nil
}

// groupOf fills in the documented defaults.
func groupOf(in *elbv2.CreateTargetGroupInput, arn string) (types.TargetGroup, error) {
	g := types.TargetGroup{
		HealthCheckEnabled:         new(true),
		HealthCheckIntervalSeconds: new(int32(30)),
		HealthCheckPath:            new("/"),
		HealthCheckPort:            new("traffic-port"),
		HealthCheckProtocol:        types.ProtocolEnumHttp,
		HealthCheckTimeoutSeconds:  new(int32(5)),
		HealthyThresholdCount:      new(int32(5)),
		IpAddressType:              types.TargetGroupIpAddressTypeEnumIpv4,
		LoadBalancerArns:           []string{},
		Matcher:                    &types.Matcher{HttpCode: new("200")},
		Port:                       in.Port,
		Protocol:                   in.Protocol,
		ProtocolVersion:            new(cmp.Or(val(in.ProtocolVersion), "HTTP1")),
		TargetGroupArn:             &arn,
		TargetGroupName:            in.Name,
		TargetType:                 in.TargetType,
		UnhealthyThresholdCount:    new(int32(2)),
		VpcId:                      in.VpcId,
	}
	return changeHealth(g, &elbv2.ModifyTargetGroupInput{
		HealthCheckEnabled:         in.HealthCheckEnabled,
		HealthCheckIntervalSeconds: in.HealthCheckIntervalSeconds,
		HealthCheckPath:            in.HealthCheckPath,
		HealthCheckPort:            in.HealthCheckPort,
		HealthCheckProtocol:        in.HealthCheckProtocol,
		HealthCheckTimeoutSeconds:  in.HealthCheckTimeoutSeconds,
		HealthyThresholdCount:      in.HealthyThresholdCount,
		Matcher:                    in.Matcher,
		UnhealthyThresholdCount:    in.UnhealthyThresholdCount,
	})
}

// sameGroup reports whether creating b again means a.
func sameGroup(a, b types.TargetGroup) bool {
	ah, aerr := healthOf(a)
	bh, berr := healthOf(b)
	return aerr == nil && berr == nil && ah.equal(bh) && *a.Port == *b.Port && *a.VpcId == *b.VpcId && *a.ProtocolVersion == *b.ProtocolVersion
}

// http2Version is the protocol version of targets that speak HTTP/2.
const http2Version = "HTTP2"

// configure hands settings and attributes on to the pool.
func (g *group) configure() {
	h, _ := healthOf(g.TargetGroup) // checked when it was set
	g.pool.configure(h, behaviour{
		algorithm: g.attributes["load_balancing.algorithm.type"],
		delay:     g.attributes.seconds("deregistration_delay.timeout_seconds"),
		slow:      g.attributes.seconds("slow_start.duration_seconds"),
		sticky:    g.attributes.stickiness(),
		http2:     *g.ProtocolVersion == http2Version,
	})
}

func (a *account) groupNamed(name string) *group {
	for _, g := range a.groups {
		if *g.TargetGroupName == name {
			return g
		}
	}
	return nil
}

// group returns the target group with the ARN.
func (a *account) group(arn string) (*group, error) {
	if !isARN(arn, "targetgroup") {
		return nil, invalid("'%s' is not a valid target group ARN", arn)
	}
	for _, g := range a.groups {
		if g.arn() == arn {
			return g, nil
		}
	}
	return nil, groupNotFound()
}

// DescribeTargetGroups lists target groups: all, those named, or those of a
// load balancer.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeTargetGroups.html
func (s *Service) DescribeTargetGroups(ctx context.Context, in *elbv2.DescribeTargetGroupsInput) (*elbv2.DescribeTargetGroupsOutput, error) {
	if err := s.authorize(ctx, "DescribeTargetGroups", "*"); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	found, err := s.caller(ctx).selectGroups(in)
	if err != nil {
		return nil, err
	}
	found, next, err := cut(found, (*group).arn, in.PageSize, in.Marker)
	if err != nil {
		return nil, err
	}
	out := &elbv2.DescribeTargetGroupsOutput{TargetGroups: []types.TargetGroup{}, NextMarker: next}
	for _, g := range found {
		out.TargetGroups = append(out.TargetGroups, g.TargetGroup)
	}
	return out, nil
}

func (a *account) selectGroups(in *elbv2.DescribeTargetGroupsInput) ([]*group, error) {
	if in.LoadBalancerArn != nil {
		if _, err := a.balancer(*in.LoadBalancerArn); err != nil {
			return nil, err
		}
		return slices.DeleteFunc(slices.Clone(a.groups), func(g *group) bool {
			return !slices.Contains(g.LoadBalancerArns, *in.LoadBalancerArn)
		}), nil
	}
	if len(in.TargetGroupArns) == 0 && len(in.Names) == 0 {
		return a.groups, nil
	}
	var out []*group
	for _, arn := range in.TargetGroupArns {
		g, err := a.group(arn)
		if err != nil {
			return nil, err
		}
		out = append(out, g)
	}
	for _, name := range in.Names {
		g := a.groupNamed(name)
		if g == nil {
			return nil, groupNotFound()
		}
		out = append(out, g)
	}
	return out, nil
}

// ModifyTargetGroup changes the health check settings.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_ModifyTargetGroup.html
func (s *Service) ModifyTargetGroup(ctx context.Context, in *elbv2.ModifyTargetGroupInput) (*elbv2.ModifyTargetGroupOutput, error) {
	arn := val(in.TargetGroupArn)
	if err := s.authorize(ctx, "ModifyTargetGroup", arn); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	g, err := s.caller(ctx).group(arn)
	if err != nil {
		return nil, err
	}
	if g.TargetGroup, err = changeHealth(g.TargetGroup, in); err != nil {
		return nil, err
	}
	g.configure()
	return &elbv2.ModifyTargetGroupOutput{TargetGroups: []types.TargetGroup{g.TargetGroup}}, nil
}

// DeleteTargetGroup deletes a target group that no action forwards to; one
// that does not exist is no error.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DeleteTargetGroup.html
func (s *Service) DeleteTargetGroup(ctx context.Context, in *elbv2.DeleteTargetGroupInput) (*elbv2.DeleteTargetGroupOutput, error) {
	arn := val(in.TargetGroupArn)
	if err := s.authorize(ctx, "DeleteTargetGroup", arn); err != nil {
		return nil, err
	}
	if !isARN(arn, "targetgroup") {
		return nil, invalid("'%s' is not a valid target group ARN", arn)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.caller(ctx)
	g, err := a.group(arn)
	if err != nil {
		return &elbv2.DeleteTargetGroupOutput{}, nil
	}
	if len(g.LoadBalancerArns) > 0 {
		return nil, wire.Errorf("ResourceInUse", "Target group '%s' is currently in use by a listener or a rule", arn)
	}
	g.pool.close()
	a.groups = slices.DeleteFunc(a.groups, func(o *group) bool { return o == g })
	delete(a.tags, arn)
	return &elbv2.DeleteTargetGroupOutput{}, nil
}

// DescribeTargetGroupAttributes lists a target group's attributes.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeTargetGroupAttributes.html
func (s *Service) DescribeTargetGroupAttributes(ctx context.Context, in *elbv2.DescribeTargetGroupAttributesInput) (*elbv2.DescribeTargetGroupAttributesOutput, error) {
	if err := s.authorize(ctx, "DescribeTargetGroupAttributes", "*"); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	g, err := s.caller(ctx).group(val(in.TargetGroupArn))
	if err != nil {
		return nil, err
	}
	return &elbv2.DescribeTargetGroupAttributesOutput{Attributes: g.attributeList()}, nil
}

// ModifyTargetGroupAttributes sets attributes; see groupTable for which.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_ModifyTargetGroupAttributes.html
func (s *Service) ModifyTargetGroupAttributes(ctx context.Context, in *elbv2.ModifyTargetGroupAttributesInput) (*elbv2.ModifyTargetGroupAttributesOutput, error) {
	arn := val(in.TargetGroupArn)
	if err := s.authorize(ctx, "ModifyTargetGroupAttributes", arn); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	g, err := s.caller(ctx).group(arn)
	if err != nil {
		return nil, err
	}
	changes := attributes{}
	for _, at := range in.Attributes {
		changes[val(at.Key)] = val(at.Value)
	}
	changed, err := g.attributes.with(groupTable(), "Target group", changes)
	if err != nil {
		return nil, err
	}
	if err := changed.checkTargets(); err != nil {
		return nil, err
	}
	g.attributes = changed
	g.configure()
	return &elbv2.ModifyTargetGroupAttributesOutput{Attributes: g.attributeList()}, nil
}

func (g *group) attributeList() []types.TargetGroupAttribute {
	var out []types.TargetGroupAttribute
	for _, key := range g.attributes.keys() {
		out = append(out, types.TargetGroupAttribute{Key: new(key), Value: new(g.attributes[key])})
	}
	return out
}
