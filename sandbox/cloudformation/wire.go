package cloudformation

import (
	"slices"

	"orgship/sandbox/wire"
)

// Wire returns the service as clients see it.
func (s *Service) Wire() wire.Service {
	return wire.Service{
		Name: "cloudformation", Protocol: wire.Query, Version: "2010-05-15",
		Namespace:  "http://cloudformation.amazonaws.com/doc/2010-05-15/",
		Operations: slices.Concat(s.changing(), s.reading(), s.sets.Operations()),
	}
}

func (s *Service) changing() []wire.Operation {
	template := wire.Optional("TemplateBody", "TemplateURL", "Parameters", "Capabilities", "Tags", "RoleARN", "ClientRequestToken", "DisableRollback")
	return []wire.Operation{
		wire.Op("CreateStack", s.CreateStack, wire.Required("StackName"), template, wire.Optional("OnFailure", "EnableTerminationProtection")),
		wire.Op("UpdateStack", s.UpdateStack, wire.Required("StackName"), template, wire.Optional("UsePreviousTemplate")),
		wire.Op("DeleteStack", s.DeleteStack, wire.Required("StackName"), wire.Optional("ClientRequestToken", "RetainResources", "RoleARN", "DeletionMode"),
			wire.Length("RoleARN", 20, 2048), wire.Length("ClientRequestToken", 1, 128), wire.Pattern("ClientRequestToken", `[a-zA-Z0-9][-a-zA-Z0-9]*`)),
		wire.Op("CancelUpdateStack", s.CancelUpdateStack, wire.Required("StackName"), wire.Optional("ClientRequestToken")),
		wire.Op("ContinueUpdateRollback", s.ContinueUpdateRollback, wire.Required("StackName"),
			wire.Optional("ClientRequestToken", "ResourcesToSkip", "RoleARN", "ForceRollback")),
		wire.Op("UpdateTerminationProtection", s.UpdateTerminationProtection, wire.Required("StackName", "EnableTerminationProtection")),
		wire.Op("CreateChangeSet", s.CreateChangeSet, wire.Required("StackName", "ChangeSetName"),
			wire.Optional("ChangeSetType", "TemplateBody", "TemplateURL", "UsePreviousTemplate", "Parameters", "Capabilities", "Tags", "RoleARN",
				"Description", "ClientToken", "OnStackFailure", "IncludeNestedStacks", "ImportExistingResources", "ResourcesToImport")),
		wire.Op("ExecuteChangeSet", s.ExecuteChangeSet, wire.Required("ChangeSetName"),
			wire.Optional("StackName", "ClientRequestToken", "DisableRollback", "RetainExceptOnCreate")),
		wire.Op("DeleteChangeSet", s.DeleteChangeSet, wire.Required("ChangeSetName"), wire.Optional("StackName"),
			wire.Length("ChangeSetName", 1, 1600), wire.Pattern("ChangeSetName", `[a-zA-Z][-a-zA-Z0-9]*|arn:[-a-zA-Z0-9:/]*`)),
	}
}

func (s *Service) reading() []wire.Operation {
	return []wire.Operation{
		wire.Op("DescribeStacks", s.DescribeStacks, wire.Optional("StackName", "NextToken")),
		wire.Op("ListStacks", s.ListStacks, wire.Optional("StackStatusFilter", "NextToken")),
		wire.Op("DescribeStackEvents", s.DescribeStackEvents, wire.Required("StackName"), wire.Optional("NextToken")),
		wire.Op("DescribeStackResources", s.DescribeStackResources, wire.Optional("StackName", "LogicalResourceId", "PhysicalResourceId")),
		wire.Op("DescribeStackResource", s.DescribeStackResource, wire.Required("StackName", "LogicalResourceId")),
		wire.Op("ListStackResources", s.ListStackResources, wire.Required("StackName"), wire.Optional("NextToken")),
		wire.Op("DescribeChangeSet", s.DescribeChangeSet, wire.Required("ChangeSetName"), wire.Optional("StackName", "NextToken")),
		wire.Op("ListChangeSets", s.ListChangeSets, wire.Required("StackName"), wire.Optional("NextToken")),
		wire.Op("GetTemplate", s.GetTemplate, wire.Optional("StackName", "ChangeSetName", "TemplateStage")),
		wire.Op("GetTemplateSummary", s.GetTemplateSummary, wire.Optional("StackName", "TemplateBody", "TemplateURL", "StackSetName")),
		wire.Op("ListExports", s.ListExports, wire.Optional("NextToken")),
		wire.Op("ListImports", s.ListImports, wire.Required("ExportName"), wire.Optional("NextToken")),
		wire.Op("ValidateTemplate", s.ValidateTemplate, wire.Optional("TemplateBody", "TemplateURL")),
	}
}
