package cloudformation

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"orgship/sandbox/cloudformation/bluegreen"
	"orgship/sandbox/cloudformation/document"
	"orgship/sandbox/ec2"
	"orgship/sandbox/iam"
	"orgship/sandbox/wire"
	"orgship/template"
)

// request is what CreateStack, UpdateStack and CreateChangeSet have in common.
type request struct {
	stackID, stackName string
	body, url          *string
	usePrevious        *bool
	parameters         []types.Parameter
	tags               []types.Tag // nil = those the stack has
	capabilities       []types.Capability
	direct             bool  // not a change set
	previous           *goal // nil for a new stack
}

// prepare turns a request into a goal and checks all that AWS checks before it
// answers. What the transform refuses is not among that: see transform.
func (s *Service) prepare(ctx context.Context, r request) (*goal, error) {
	body, err := s.template(ctx, r)
	if err != nil {
		return nil, err
	}
	t, err := document.Parse(body)
	if err != nil {
		return nil, err
	}
	if err := document.Check(t, s.types); err != nil {
		return nil, err
	}
	certain := document.Certain(document.Gaps(t, s.types))
	g, err := s.goal(ctx, r, body, t, certain)
	if refused := document.Refuse(certain...); err != nil && refused != nil && wireCode(err) != wireCode(refused) {
		return nil, refused // before what has to be given with a template that can't be used
	}
	return g, err
}

// goal checks what is given with a template, and then the two together. Certain is
// what is known already not to be modelled.
func (s *Service) goal(ctx context.Context, r request, body string, t *template.Template, certain []document.Gap) (*goal, error) {
	var before document.Values
	tags := r.tags
	if r.previous != nil {
		before = r.previous.parameters
		if tags == nil {
			tags = r.previous.tags
		}
	}
	if err := checkTags(tags); err != nil {
		return nil, err
	}
	values, err := document.Parameters(t, r.parameters, before)
	if err != nil {
		return nil, err
	}
	if values, err = s.stored(ctx, values); err != nil {
		return nil, err
	}
	if err := s.capable(t, r); err != nil {
		return nil, err
	}
	g := &goal{original: body, submitted: t, parameters: values, tags: tags}
	if err := s.dryRun(ctx, g, r.stackID, r.stackName, certain); err != nil {
		return g, insecure(err, r.direct)
	}
	return g, s.hook(t)
}

// hook refuses a hook that the sandbox doesn't model; what AWS refuses of it comes later.
func (s *Service) hook(t *template.Template) error {
	h, err := bluegreen.Read(t)
	if err != nil || h == nil {
		return modelled(err)
	}
	return s.cfg.Deployer.CheckFunctions(h.Functions)
}

// template returns the text of a request's template.
func (s *Service) template(ctx context.Context, r request) (string, error) {
	switch {
	case r.url != nil && (r.body != nil || aws.ToBool(r.usePrevious)):
		return "", invalid("You must specify only one of TemplateBody, TemplateURL and UsePreviousTemplate")
	case r.url != nil:
		return s.download(ctx, *r.url)
	case aws.ToBool(r.usePrevious) && r.body != nil:
		return "", invalid("Cannot specify both usePreviousTemplate and a template")
	case aws.ToBool(r.usePrevious) && r.previous != nil:
		return r.previous.original, nil
	case aws.ToBool(r.usePrevious):
		return "", invalid("Cannot use the previous template of a new stack")
	}
	return bodyOf(r.body)
}

// download reads a template from S3.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
func (s *Service) download(ctx context.Context, url string) (string, error) {
	body, ok, err := s.cfg.Objects.Object(ctx, url)
	var e *wire.Error
	switch {
	case errors.As(err, &e):
		return "", invalid("S3 error: %s\nFor more information check http://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html", e.Message)
	case err != nil:
		return "", err
	case !ok:
		return "", invalid("TemplateURL must be a supported URL.")
	case len(body) > document.MaxStored:
		return "", invalid("Template may not exceed %d bytes in size.", document.MaxStored)
	}
	return string(body), nil
}

func bodyOf(body *string) (string, error) {
	switch text := aws.ToString(body); {
	case text == "":
		return "", invalid("Either Template URL or Template Body must be specified.")
	case len(text) > document.MaxBody:
		return "", constraint("(the template)", "templateBody", "Member must have length less than or equal to 51200")
	default:
		return text, nil
	}
}

func checkTags(tags []types.Tag) error {
	if len(tags) > 50 {
		return invalid("1 validation error detected: Value at 'tags' failed to satisfy constraint: Member must have length less than or equal to 50")
	}
	seen := map[string]bool{}
	for _, t := range tags {
		key := aws.ToString(t.Key)
		switch {
		case key == "" || t.Value == nil:
			return invalid("Tags must have a key and a value")
		case strings.HasPrefix(strings.ToLower(key), "aws:"):
			return invalid("aws: prefixed tag key names are not allowed for external use.")
		case seen[key]:
			return invalid("Tag keys must be unique: %s", key)
		}
		seen[key] = true
	}
	return nil
}

// capable asks whether the caller acknowledged what the template needs.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStack.html
func (s *Service) capable(t *template.Template, r request) error {
	needed, _ := s.capabilities(t)
	var lacking []string
	for _, c := range needed {
		given := slices.Contains(r.capabilities, c) ||
			c == types.CapabilityCapabilityIam && slices.Contains(r.capabilities, types.CapabilityCapabilityNamedIam)
		if !given {
			lacking = append(lacking, string(c))
		}
	}
	// For a change set it has no effect.
	if r.direct && len(t.Transforms()) > 0 && !slices.Contains(r.capabilities, types.CapabilityCapabilityAutoExpand) {
		lacking = append(lacking, string(types.CapabilityCapabilityAutoExpand))
	}
	if len(lacking) == 0 {
		return nil
	}
	return wire.Errorf("InsufficientCapabilitiesException", "Requires capabilities : %s", list(lacking))
}

// capabilities returns what a template's resources need, and why.
func (s *Service) capabilities(t *template.Template) ([]types.Capability, string) {
	var needed []types.Capability
	var because []string
	for _, r := range t.Resources() {
		typ := s.types[r.Type]
		if typ == nil || !typ.IAM {
			continue
		}
		because = append(because, r.Type)
		c := types.CapabilityCapabilityIam
		if typ.NamedIAM != "" && r.Properties.Get(typ.NamedIAM) != nil {
			c = types.CapabilityCapabilityNamedIam
		}
		needed = append(needed, c)
	}
	if slices.Contains(needed, types.CapabilityCapabilityNamedIam) {
		needed = []types.Capability{types.CapabilityCapabilityNamedIam}
	}
	slices.Sort(because)
	return slices.Compact(needed), "The following resource(s) require capabilities: " + list(slices.Compact(because))
}

// dryRun resolves everything once with nothing known of resources, which finds
// what is wrong with functions and what isn't modelled.
func (s *Service) dryRun(ctx context.Context, g *goal, stackID, stackName string, certain []document.Gap) error {
	r, err := s.resolver(ctx, g, g.submitted, stackID, stackName, func(id, attribute string) (any, error) {
		return document.Unknown{Resource: id, Attribute: attribute}, nil
	})
	if err != nil {
		return err
	}
	if err := r.Rules(places{ctx, s.cfg.Network}); err != nil {
		return err
	}
	r = r.Importing(func(name string) (any, error) { return document.Unknown{Resource: name}, nil }) // see holdImports
	if err := document.Refuse(append(certain, r.Gaps(s.types)...)...); err != nil {
		return err
	}
	for _, res := range r.Resources() {
		properties, err := r.Properties(res.ID)
		if err != nil {
			return err
		}
		if _, err := s.plain(ctx, res.Type, properties); err != nil {
			return err
		}
	}
	_, err = r.Outputs()
	return err
}

// resolver returns the resolver of a template with a goal's parameters.
func (s *Service) resolver(ctx context.Context, g *goal, t *template.Template, stackID, stackName string, lookup document.Lookup) (*document.Resolver, error) {
	e := document.Environment{Account: iam.Caller(ctx).Account, Region: s.cfg.Region, StackName: stackName, StackID: stackID}
	e.Import = func(name string) (any, error) { return s.imported(ctx, name) }
	if usesZones(t) {
		out, err := s.cfg.Network.DescribeAvailabilityZones(ctx, &ec2.DescribeAvailabilityZonesInput{})
		if err != nil {
			return nil, err
		}
		for _, z := range out.AvailabilityZones {
			e.Zones = append(e.Zones, aws.ToString(z.ZoneName))
		}
	}
	return document.NewResolver(t, e, g.parameters, lookup)
}

func wireCode(err error) string {
	var e *wire.Error
	if !errors.As(err, &e) {
		return ""
	}
	return e.Code
}

func usesZones(t *template.Template) bool {
	found := false
	t.Root.Walk(func(n *template.Node) bool {
		found = found || n.Is(template.Function) && n.Name == "Fn::GetAZs"
		return !found
	})
	return found
}

// transform reads a goal's hook and, if the template names the transform, checks
// what it checks. Live are the resources the stack has. The processed template
// is that of the colour that is live: whether an update is a green deployment is
// decided by what differs from there.
func (s *Service) transform(ctx context.Context, g *goal, st *stack, live []string) error {
	r, err := s.resolver(ctx, g, g.submitted, st.id, st.name, nil)
	if err != nil {
		return err
	}
	if !bluegreen.Transformed(g.submitted) {
		// Without the transform the hook can only refuse: see conflict.
		g.processed = g.submitted
		g.hook, err = bluegreen.Read(g.submitted)
		return err
	}
	if g.hook, err = bluegreen.Transform(g.submitted, r.Active); err != nil {
		return err
	}
	g.processed = g.hook.Processed(g.submitted, g.hook.Live(live))
	return nil
}

// checkValues asks whether the values of parameters with AWS-specific types exist.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-supplied-parameter-types.html
func (s *Service) checkValues(ctx context.Context, values document.Values) error {
	var names []string
	for name := range values {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		v := values[name]
		for _, item := range v.Items() {
			exists, err := s.exists(ctx, v.Element(), item)
			if err != nil {
				return err
			}
			if !exists {
				return invalid("Parameter validation failed: parameter value %s for parameter name %s does not exist", item, name)
			}
		}
	}
	return nil
}

func (s *Service) exists(ctx context.Context, typeName, id string) (bool, error) {
	n, err := 0, error(nil)
	switch typeName {
	case "AWS::EC2::VPC::Id":
		var out *ec2.DescribeVpcsOutput
		if out, err = s.cfg.Network.DescribeVpcs(ctx, &ec2.DescribeVpcsInput{VpcIds: []string{id}}); err == nil {
			n = len(out.Vpcs)
		}
	case "AWS::EC2::Subnet::Id":
		var out *ec2.DescribeSubnetsOutput
		if out, err = s.cfg.Network.DescribeSubnets(ctx, &ec2.DescribeSubnetsInput{SubnetIds: []string{id}}); err == nil {
			n = len(out.Subnets)
		}
	case "AWS::EC2::SecurityGroup::Id":
		var out *ec2.DescribeSecurityGroupsOutput
		if out, err = s.cfg.Network.DescribeSecurityGroups(ctx, &ec2.DescribeSecurityGroupsInput{GroupIds: []string{id}}); err == nil {
			n = len(out.SecurityGroups)
		}
	case "AWS::EC2::AvailabilityZone::Name":
		var out *ec2.DescribeAvailabilityZonesOutput
		if out, err = s.cfg.Network.DescribeAvailabilityZones(ctx, &ec2.DescribeAvailabilityZonesInput{ZoneNames: []string{id}}); err == nil {
			n = len(out.AvailabilityZones)
		}
	default:
		return true, nil
	}
	var e *wire.Error
	if errors.As(err, &e) && (strings.HasSuffix(e.Code, ".NotFound") || strings.HasSuffix(e.Code, ".Malformed") || strings.HasPrefix(e.Code, "Invalid")) {
		return false, nil
	}
	return n > 0, err
}
