package resource

import (
	"encoding/json"
	"maps"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// schema is a provider schema of CloudFormation's registry, or an object below it.
// https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html
type schema struct {
	Properties                      map[string]schema
	Definitions                     map[string]schema
	Required                        []string
	CreateOnlyProperties            []string
	ConditionalCreateOnlyProperties []string
	ReadOnlyProperties              []string
	Ref                             string `json:"$ref"`
	Items                           *schema
}

// deviations are where the sandbox differs on purpose, each with its reason.
var deviations = map[string]string{
	"AWS::ECS::Service DeploymentController replaces":                               "so says AWS's specification, and the schema doesn't",
	"AWS::ECS::Service.DeploymentConfiguration invents EarlySuccessCriteria":        "AWS's specification has it; it is refused by name",
	"AWS::EC2::SecurityGroupIngress wants GroupId":                                  "GroupName is EC2-Classic's",
	"AWS::ElasticLoadBalancingV2::TargetGroup lacks the attribute LoadBalancerArns": "a list: attributes are texts here",
	"AWS::EC2::VPC lacks the attribute CidrBlockAssociations":                       "a list",
	"AWS::EC2::VPC lacks the attribute DefaultNetworkAcl":                           "network ACLs aren't modelled",
	"AWS::EC2::VPC lacks the attribute Ipv6CidrBlocks":                              "a list",
	"AWS::EC2::Subnet lacks the attribute NetworkAclAssociationId":                  "network ACLs aren't modelled",
	"AWS::EC2::Subnet lacks the attribute Ipv6CidrBlocks":                           "a list",
	"AWS::EC2::Subnet lacks the attribute BlockPublicAccessStates":                  "an object",
	"AWS::EC2::NatGateway lacks the attribute EniId":                                "a NAT gateway has no interface here",
	"AWS::EC2::NatGateway lacks the attribute AutoProvisionZones":                   "regional NAT gateways aren't modelled",
	"AWS::EC2::NatGateway lacks the attribute AutoScalingIps":                       "regional NAT gateways aren't modelled",
	"AWS::EC2::NatGateway lacks the attribute RouteTableId":                         "regional NAT gateways aren't modelled",
	"AWS::EC2::VPCEndpoint lacks the attribute NetworkInterfaceIds":                 "a list",
	"AWS::EC2::VPCEndpoint lacks the attribute CreationTimestamp":                   "nobody asks",
	"AWS::EC2::VPCEndpoint lacks the attribute DnsEntries":                          "a list",
	"AWS::IAM::OIDCProvider wants Url":                                              "IAM does",
	"AWS::IAM::Policy wants Roles":                                                  "groups and users aren't modelled",
	"AWS::Lambda::Function lacks the attribute SnapStartResponse":                   "functions aren't run",
}

// TestSchemas holds the resource types against AWS's own provider schemas, those that
// cfn-lint ships.
func TestSchemas(t *testing.T) {
	t.Parallel()
	types := NewCatalogue(slices.Concat(ECR(nil), EC2(nil), ELB(nil), IAM(nil), Logs(nil), ECS(nil), CodeBuild(nil), Kept(nil), SSM(nil), SecretsManager(nil), ACM(nil), S3(nil), CloudFormation(nil))...)
	schemas := map[string]schema{}
	const program = `import json, sys
from cfnlint.schema.manager import ProviderSchemaManager
m = ProviderSchemaManager()
print(json.dumps({t: m.get_resource_schema("us-east-1", t).schema for t in sys.argv[1:]}))`
	out, err := exec.Command("python3", append([]string{"-c", program}, slices.Sorted(maps.Keys(types))...)...).Output()
	if err != nil {
		t.Skip("SKIP: python3 has no cfn-lint with its schemas here")
	}
	if err := json.Unmarshal(out, &schemas); err != nil {
		t.Fatal(err)
	}
	used := map[string]bool{}
	report := func(what string) {
		if used[what] = true; deviations[what] == "" {
			t.Error(what)
		}
	}
	for name, typ := range types {
		s := schemas[name]
		readOnly := last(s.ReadOnlyProperties)
		s.compare(s.Definitions, name, typ.Properties, readOnly, report)
		createOnly := last(append(s.CreateOnlyProperties, s.ConditionalCreateOnlyProperties...))
		for property, p := range typ.Properties {
			if only := slices.Contains(createOnly, property); !p.missing && only != p.replaces {
				report(name + " " + property + map[bool]string{true: " doesn't replace", false: " replaces"}[only])
			}
		}
		for _, attribute := range readOnly {
			if _, settable := typ.Properties[attribute]; !settable && !typ.HasAttribute(attribute) {
				report(name + " lacks the attribute " + attribute)
			}
		}
		for _, attribute := range typ.Attributes {
			if _, real := s.Properties[attribute]; !real {
				report(name + " invents the attribute " + attribute)
			}
		}
	}
	for what := range deviations {
		if !used[what] {
			t.Errorf("%s is no deviation any more", what)
		}
	}
}

// last returns the names of top-level properties among JSON pointers.
func last(pointers []string) []string {
	var names []string
	for _, p := range pointers {
		if name := strings.TrimPrefix(p, "/properties/"); !strings.Contains(name, "/") {
			names = append(names, name)
		}
	}
	return names
}

// compare holds an object against its schema: no property is forgotten, none is
// invented, and the same ones are required.
func (s schema) compare(all map[string]schema, at string, o Object, readOnly []string, report func(string)) {
	s = s.resolved(all)
	if len(s.Properties) == 0 {
		return // any object
	}
	for name, below := range s.Properties {
		p, known := o[name]
		switch {
		case !known && !slices.Contains(readOnly, name):
			report(at + " doesn't name " + name)
		case known && p.kind == anObject:
			below.compare(all, at+"."+name, p.object, nil, report)
		case known && p.kind == aList && p.of.kind == anObject:
			if b := below.resolved(all); b.Items != nil {
				b.Items.compare(all, at+"."+name, p.of.object, nil, report)
			}
		}
	}
	for name, p := range o {
		if _, real := s.Properties[name]; !real {
			report(at + " invents " + name)
		} else if p.required && !slices.Contains(s.Required, name) {
			report(at + " wants " + name)
		}
	}
	for _, name := range s.Required {
		if p := o[name]; !p.missing && !p.required {
			report(at + " doesn't want " + name)
		}
	}
}

func (s schema) resolved(all map[string]schema) schema {
	if s.Ref == "" {
		return s
	}
	return all[s.Ref[strings.LastIndex(s.Ref, "/")+1:]].resolved(all)
}
