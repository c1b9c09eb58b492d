package elb

import (
	"cmp"
	"context"
	"regexp"
	"slices"
	"strings"

	elbv2 "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"orgship/sandbox/wire"
)

// balancer is one load balancer.
type balancer struct {
	types.LoadBalancer
	attributes attributes
	address    *address
	edge       *edge
}

func (b *balancer) arn() string { return *b.LoadBalancerArn }

// zones are the canonical hosted zone ids of Application Load Balancers:
// https://docs.aws.amazon.com/general/latest/gr/elb.html
func zone(region string) *string {
	id, ok := map[string]string{
		"eu-central-1": "Z215JYRZR1TBD5",
		"eu-west-1":    "Z32O12XQLNTSW2",
		"us-east-1":    "Z35SXDOTRQ7X7K",
		"us-west-2":    "Z1H1FL5HABSF5",
	}[region]
	if !ok {
		return nil
	}
	return &id
}

// CreateLoadBalancer creates an application load balancer on a loopback
// address of its own. It is idempotent, as AWS's is.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateLoadBalancer.html
func (s *Service) CreateLoadBalancer(ctx context.Context, in *elbv2.CreateLoadBalancerInput) (*elbv2.CreateLoadBalancerOutput, error) {
	name := val(in.Name)
	arn := s.arn(ctx, "loadbalancer/app/"+name+"/"+newID())
	if err := s.authorizeCreate(ctx, "CreateLoadBalancer", arn, in.Tags); err != nil {
		return nil, err
	}
	if err := checkBalancer(in); err != nil {
		return nil, err
	}
	subnets, err := s.subnets(ctx, in.Subnets, in.SubnetMappings)
	if err != nil {
		return nil, err
	}
	groups := in.SecurityGroups
	if len(groups) == 0 && subnets[0].DefaultGroup != "" {
		groups = []string{subnets[0].DefaultGroup}
	}
	if err := s.checkGroups(ctx, subnets[0].VPC, groups); err != nil {
		return nil, err
	}

	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.caller(ctx)
	if old := a.balancerNamed(name); old != nil {
		return sameBalancer(old, schemeOf(in), subnets, groups)
	}
	if err := checkTags(in.Tags); err != nil {
		return nil, err
	}
	b, err := s.newBalancer(a, arn, in, subnets)
	if err != nil {
		return nil, err
	}
	b.SecurityGroups = groups
	b.edge.configure(groups, b.attributes)
	a.balancers = append(a.balancers, b)
	a.addTags(arn, in.Tags)
	// Assumption A50: a load balancer serves as soon as it is created; only
	// the answer to CreateLoadBalancer says "provisioning".
	out := b.LoadBalancer
	out.State = &types.LoadBalancerState{Code: types.LoadBalancerStateEnumProvisioning}
	return &elbv2.CreateLoadBalancerOutput{LoadBalancers: []types.LoadBalancer{out}}, nil
}

func (s *Service) newBalancer(a *account, arn string, in *elbv2.CreateLoadBalancerInput, subnets []Subnet) (*balancer, error) {
	if err := s.open(); err != nil {
		return nil, err
	}
	address, err := claim()
	if err != nil {
		return nil, &wire.Error{Code: "InternalFailure", Message: err.Error(), Status: 500}
	}
	b := &balancer{
		LoadBalancer: types.LoadBalancer{
			AvailabilityZones:     zonesOf(subnets),
			CanonicalHostedZoneId: zone(s.cfg.Region),
			CreatedTime:           new(s.cfg.Clock.Now().UTC()),
			DNSName:               new(address.name()),
			IpAddressType:         types.IpAddressTypeIpv4,
			LoadBalancerArn:       &arn,
			LoadBalancerName:      in.Name,
			Scheme:                schemeOf(in),
			State:                 &types.LoadBalancerState{Code: types.LoadBalancerStateEnumActive},
			Type:                  types.LoadBalancerTypeEnumApplication,
			VpcId:                 new(subnets[0].VPC),
		},
		attributes: balancerAttributes(schemeOf(in)),
		address:    address,
		edge:       newEdge(a.id, s.cfg.Network, schemeOf(in) == types.LoadBalancerSchemeEnumInternal),
	}
	return b, nil
}

// namePattern is that of load balancers and target groups alike.
const namePattern = `^[A-Za-z0-9](?:[A-Za-z0-9-]{0,30}[A-Za-z0-9])?$`

func checkName(kind, name string) error {
	switch {
	case name == "":
		return invalid("%s name cannot be empty", kind)
	case len(name) > 32:
		return invalid("%s name '%s' cannot be longer than '32' characters", kind, name)
	case strings.HasPrefix(name, "-") || strings.HasSuffix(name, "-"):
		return invalid("%s name '%s' cannot begin or end with '-'", kind, name)
	case !regexp.MustCompile(namePattern).MatchString(name):
		return invalid("%s name '%s' can only contain characters that are alphanumeric characters or hyphens(-)", kind, name)
	}
	return nil
}

func checkBalancer(in *elbv2.CreateLoadBalancerInput) error {
	if err := checkName("Load balancer", val(in.Name)); err != nil {
		return err
	}
	switch {
	case strings.HasPrefix(*in.Name, "internal-"):
		return invalid("Load balancer name '%s' cannot begin with 'internal-'", *in.Name)
	case cmp.Or(in.Type, types.LoadBalancerTypeEnumApplication) != types.LoadBalancerTypeEnumApplication:
		return wire.NotModelled("load balancer type %s (only application)", in.Type)
	case !slices.Contains(types.LoadBalancerSchemeEnum("").Values(), schemeOf(in)):
		return invalid("1 validation error detected: Value '%s' at 'scheme' failed to satisfy constraint: Member must satisfy enum value set: [internet-facing, internal]", in.Scheme)
	}
	return checkAddressType(in.IpAddressType)
}

func schemeOf(in *elbv2.CreateLoadBalancerInput) types.LoadBalancerSchemeEnum {
	return cmp.Or(in.Scheme, types.LoadBalancerSchemeEnumInternetFacing)
}

func checkAddressType(t types.IpAddressType) error {
	if cmp.Or(t, types.IpAddressTypeIpv4) != types.IpAddressTypeIpv4 {
		return wire.NotModelled("load balancer IP address type %s (only ipv4)", t)
	}
	return nil
}

// subnets looks up and checks the subnets of a load balancer.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/application-load-balancers.html#subnets-load-balancer
func (s *Service) subnets(ctx context.Context, ids []string, mappings []types.SubnetMapping) ([]Subnet, error) {
	if len(ids) > 0 && len(mappings) > 0 {
		return nil, invalid("You can specify either subnets or subnet mappings, not both")
	}
	for _, m := range mappings {
		if m.AllocationId != nil || m.IPv6Address != nil || m.PrivateIPv4Address != nil || m.SourceNatIpv6Prefix != nil {
			return nil, wire.NotModelled("addresses in a subnet mapping")
		}
		ids = append(ids, val(m.SubnetId))
	}
	if len(ids) < 2 {
		return nil, invalid("At least two subnets in two different Availability Zones must be specified")
	}
	found, err := s.cfg.Subnets(ctx, ids)
	if err != nil {
		return nil, wire.Errorf("SubnetNotFound", "The subnet ID '%s' does not exist (%v)", strings.Join(ids, "', '"), err)
	}
	seen := map[string]bool{}
	for _, n := range found {
		if n.VPC != found[0].VPC {
			return nil, wire.Errorf("InvalidSubnet", "All subnets must belong to the same VPC: '%s'", found[0].VPC)
		}
		if seen[n.Zone] {
			return nil, wire.Errorf("InvalidConfigurationRequest", "A load balancer cannot be attached to multiple subnets in the same Availability Zone")
		}
		seen[n.Zone] = true
	}
	if !found[0].Gateway {
		return nil, wire.Errorf("InvalidSubnet", "VPC %s has no internet gateway", found[0].VPC)
	}
	return found, nil
}

// checkGroups refuses security groups that are not in the VPC.
func (s *Service) checkGroups(ctx context.Context, vpc string, groups []string) error {
	if s.cfg.Groups == nil {
		return nil
	}
	if err := s.cfg.Groups(ctx, vpc, groups); err != nil {
		return wire.Errorf("InvalidSecurityGroup", "The specified security group does not exist. (%v)", err)
	}
	return nil
}

func zonesOf(subnets []Subnet) []types.AvailabilityZone {
	var out []types.AvailabilityZone
	for _, n := range subnets {
		out = append(out, types.AvailabilityZone{SubnetId: new(n.ID), ZoneName: new(n.Zone)})
	}
	return out
}

func sameBalancer(old *balancer, scheme types.LoadBalancerSchemeEnum, subnets []Subnet, groups []string) (*elbv2.CreateLoadBalancerOutput, error) {
	var had, wants []string
	for _, z := range old.AvailabilityZones {
		had = append(had, *z.SubnetId)
	}
	for _, n := range subnets {
		wants = append(wants, n.ID)
	}
	if !slices.Equal(slices.Sorted(slices.Values(had)), slices.Sorted(slices.Values(wants))) || !slices.Equal(old.SecurityGroups, groups) || old.Scheme != scheme {
		return nil, duplicateName("load balancer", *old.LoadBalancerName)
	}
	return &elbv2.CreateLoadBalancerOutput{LoadBalancers: []types.LoadBalancer{old.LoadBalancer}}, nil
}

func (a *account) balancerNamed(name string) *balancer {
	for _, b := range a.balancers {
		if *b.LoadBalancerName == name {
			return b
		}
	}
	return nil
}

// balancer returns the load balancer with the ARN.
func (a *account) balancer(arn string) (*balancer, error) {
	if !isARN(arn, "loadbalancer") {
		return nil, invalid("'%s' is not a valid load balancer ARN", arn)
	}
	for _, b := range a.balancers {
		if b.arn() == arn {
			return b, nil
		}
	}
	return nil, wire.Errorf("LoadBalancerNotFound", "Load balancer '%s' not found", arn)
}

// DescribeLoadBalancers lists load balancers, all or those named.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeLoadBalancers.html
func (s *Service) DescribeLoadBalancers(ctx context.Context, in *elbv2.DescribeLoadBalancersInput) (*elbv2.DescribeLoadBalancersOutput, error) {
	if err := s.authorize(ctx, "DescribeLoadBalancers", "*"); err != nil {
		return nil, err
	}
	if len(in.LoadBalancerArns) > 0 && len(in.Names) > 0 {
		return nil, invalid("Load balancer names and load balancer ARNs cannot be specified at the same time")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	found, err := s.caller(ctx).selectBalancers(in.LoadBalancerArns, in.Names)
	if err != nil {
		return nil, err
	}
	found, next, err := cut(found, (*balancer).arn, in.PageSize, in.Marker)
	if err != nil {
		return nil, err
	}
	out := &elbv2.DescribeLoadBalancersOutput{LoadBalancers: []types.LoadBalancer{}, NextMarker: next}
	for _, b := range found {
		out.LoadBalancers = append(out.LoadBalancers, b.LoadBalancer)
	}
	return out, nil
}

func (a *account) selectBalancers(arns, names []string) ([]*balancer, error) {
	if len(arns) == 0 && len(names) == 0 {
		return a.balancers, nil
	}
	var out []*balancer
	for _, arn := range arns {
		b, err := a.balancer(arn)
		if err != nil {
			return nil, err
		}
		out = append(out, b)
	}
	var missing []string
	for _, name := range names {
		if b := a.balancerNamed(name); b != nil {
			out = append(out, b)
		} else {
			missing = append(missing, name)
		}
	}
	if missing != nil {
		return nil, balancerNotFound(missing...)
	}
	return out, nil
}

// DeleteLoadBalancer deletes a load balancer with its listeners; one that does
// not exist is no error.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DeleteLoadBalancer.html
func (s *Service) DeleteLoadBalancer(ctx context.Context, in *elbv2.DeleteLoadBalancerInput) (*elbv2.DeleteLoadBalancerOutput, error) {
	arn := val(in.LoadBalancerArn)
	if err := s.authorize(ctx, "DeleteLoadBalancer", arn); err != nil {
		return nil, err
	}
	if !isARN(arn, "loadbalancer") {
		return nil, invalid("'%s' is not a valid load balancer ARN", arn)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.caller(ctx)
	b, err := a.balancer(arn)
	if err != nil {
		return &elbv2.DeleteLoadBalancerOutput{}, nil
	}
	if b.attributes["deletion_protection.enabled"] == "true" {
		return nil, notPermitted("Load balancer '%s' cannot be deleted because deletion protection is enabled", arn)
	}
	for _, l := range a.listenersOf(arn) {
		a.dropListener(l)
	}
	a.balancers = slices.DeleteFunc(a.balancers, func(o *balancer) bool { return o == b })
	delete(a.tags, arn)
	a.attach()
	return &elbv2.DeleteLoadBalancerOutput{}, b.address.release()
}
