package stackset

import "orgship/sandbox/wire"

// Operations returns the service's part of CloudFormation as clients see it.
func (s *Service) Operations() []wire.Operation {
	as, paged := wire.Optional("CallAs"), wire.Optional("MaxResults", "NextToken")
	set, operation := wire.Required("StackSetName"), wire.Optional("OperationId", "OperationPreferences")
	content := wire.Optional("TemplateBody", "TemplateURL", "Parameters", "Capabilities", "Tags", "Description",
		"PermissionModel", "AutoDeployment", "ManagedExecution")
	where := wire.Optional("DeploymentTargets")
	return []wire.Operation{
		wire.Op("ActivateOrganizationsAccess", s.ActivateOrganizationsAccess),
		wire.Op("DeactivateOrganizationsAccess", s.DeactivateOrganizationsAccess),
		wire.Op("DescribeOrganizationsAccess", s.DescribeOrganizationsAccess, as),
		wire.Op("CreateStackSet", s.CreateStackSet, set, as, content, wire.Optional("ClientRequestToken")),
		wire.Op("UpdateStackSet", s.UpdateStackSet, set, as, content, operation, wire.Optional("UsePreviousTemplate")),
		wire.Op("DeleteStackSet", s.DeleteStackSet, set, as),
		wire.Op("CreateStackInstances", s.CreateStackInstances, set, as, operation, where, wire.Required("Regions")),
		wire.Op("DeleteStackInstances", s.DeleteStackInstances, set, as, operation, where, wire.Required("Regions", "RetainStacks")),
		wire.Op("DescribeStackSet", s.DescribeStackSet, set, as),
		wire.Op("ListStackSets", s.ListStackSets, as, paged, wire.Optional("Status")),
		wire.Op("ListStackInstances", s.ListStackInstances, set, as, paged, wire.Optional("Filters", "StackInstanceAccount", "StackInstanceRegion")),
		wire.Op("DescribeStackInstance", s.DescribeStackInstance, set, as, wire.Required("StackInstanceAccount", "StackInstanceRegion")),
		wire.Op("ListStackSetOperations", s.ListStackSetOperations, set, as, paged),
		wire.Op("DescribeStackSetOperation", s.DescribeStackSetOperation, set, as, wire.Required("OperationId")),
		wire.Op("ListStackSetOperationResults", s.ListStackSetOperationResults, set, as, paged, wire.Required("OperationId"), wire.Optional("Filters")),
	}
}
