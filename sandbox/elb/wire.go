package elb

import "orgship/sandbox/wire"

// Wire returns the service as clients see it.
func (s *Service) Wire() wire.Service {
	required, optional := wire.Required, wire.Optional
	checks := []string{"HealthCheckEnabled", "HealthCheckIntervalSeconds", "HealthCheckPath", "HealthCheckPort", "HealthCheckProtocol",
		"HealthCheckTimeoutSeconds", "HealthyThresholdCount", "Matcher", "UnhealthyThresholdCount"}
	tls := []string{"Certificates", "SslPolicy", "AlpnPolicy", "MutualAuthentication"}
	paged := optional("PageSize", "Marker")
	return wire.Service{
		Name:      "elasticloadbalancing",
		Protocol:  wire.Query,
		Version:   "2015-12-01",
		Namespace: "http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/",
		Operations: []wire.Operation{
			wire.Op("CreateLoadBalancer", s.CreateLoadBalancer, required("Name"),
				optional("Subnets", "SubnetMappings", "SecurityGroups", "Scheme", "Tags", "Type", "IpAddressType")),
			wire.Op("DescribeLoadBalancers", s.DescribeLoadBalancers, optional("LoadBalancerArns", "Names"), paged),
			wire.Op("DeleteLoadBalancer", s.DeleteLoadBalancer, required("LoadBalancerArn")),
			wire.Op("DescribeLoadBalancerAttributes", s.DescribeLoadBalancerAttributes, required("LoadBalancerArn")),
			wire.Op("ModifyLoadBalancerAttributes", s.ModifyLoadBalancerAttributes, required("LoadBalancerArn", "Attributes")),
			wire.Op("SetSecurityGroups", s.SetSecurityGroups, required("LoadBalancerArn", "SecurityGroups")),
			wire.Op("SetSubnets", s.SetSubnets, required("LoadBalancerArn"), optional("Subnets", "SubnetMappings", "IpAddressType")),
			wire.Op("SetIpAddressType", s.SetIpAddressType, required("LoadBalancerArn", "IpAddressType")),

			wire.Op("CreateTargetGroup", s.CreateTargetGroup, required("Name"),
				optional("Protocol", "ProtocolVersion", "Port", "VpcId", "TargetType", "Tags", "IpAddressType"), optional(checks...)),
			wire.Op("DescribeTargetGroups", s.DescribeTargetGroups, optional("LoadBalancerArn", "TargetGroupArns", "Names"), paged),
			wire.Op("ModifyTargetGroup", s.ModifyTargetGroup, required("TargetGroupArn"), optional(checks...)),
			wire.Op("DeleteTargetGroup", s.DeleteTargetGroup, required("TargetGroupArn")),
			wire.Op("DescribeTargetGroupAttributes", s.DescribeTargetGroupAttributes, required("TargetGroupArn")),
			wire.Op("ModifyTargetGroupAttributes", s.ModifyTargetGroupAttributes, required("TargetGroupArn", "Attributes")),

			wire.Op("RegisterTargets", s.RegisterTargets, required("TargetGroupArn", "Targets")),
			wire.Op("DeregisterTargets", s.DeregisterTargets, required("TargetGroupArn", "Targets")),
			wire.Op("DescribeTargetHealth", s.DescribeTargetHealth, required("TargetGroupArn"), optional("Targets", "Include")),

			wire.Op("CreateListener", s.CreateListener, required("LoadBalancerArn", "DefaultActions"),
				optional("Protocol", "Port", "Tags"), optional(tls...)),
			wire.Op("DescribeListeners", s.DescribeListeners, optional("LoadBalancerArn", "ListenerArns"), paged),
			wire.Op("ModifyListener", s.ModifyListener, required("ListenerArn"),
				optional("Protocol", "Port", "DefaultActions"), optional(tls...)),
			wire.Op("DeleteListener", s.DeleteListener, required("ListenerArn")),
			wire.Op("DescribeListenerAttributes", s.DescribeListenerAttributes, required("ListenerArn")),
			wire.Op("ModifyListenerAttributes", s.ModifyListenerAttributes, required("ListenerArn", "Attributes")),
			wire.Op("AddListenerCertificates", s.AddListenerCertificates, required("ListenerArn", "Certificates")),
			wire.Op("DescribeListenerCertificates", s.DescribeListenerCertificates, required("ListenerArn"), paged),
			wire.Op("RemoveListenerCertificates", s.RemoveListenerCertificates, required("ListenerArn", "Certificates")),
			wire.Op("DescribeSSLPolicies", s.DescribeSSLPolicies, optional("Names", "LoadBalancerType"), paged),

			wire.Op("CreateRule", s.CreateRule, required("ListenerArn", "Conditions", "Priority", "Actions"), optional("Tags", "Transforms")),
			wire.Op("DescribeRules", s.DescribeRules, optional("ListenerArn", "RuleArns"), paged),
			wire.Op("ModifyRule", s.ModifyRule, required("RuleArn"), optional("Conditions", "Actions", "Transforms", "ResetTransforms")),
			wire.Op("DeleteRule", s.DeleteRule, required("RuleArn")),
			wire.Op("SetRulePriorities", s.SetRulePriorities, required("RulePriorities")),

			wire.Op("AddTags", s.AddTags, required("ResourceArns", "Tags")),
			wire.Op("RemoveTags", s.RemoveTags, required("ResourceArns", "TagKeys")),
			wire.Op("DescribeTags", s.DescribeTags, required("ResourceArns")),
		},
	}
}
