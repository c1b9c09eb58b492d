package iam

import "orgship/sandbox/wire"

// Wire returns the room as clients see it: the Query protocol of
// https://docs.aws.amazon.com/IAM/latest/APIReference/
func (s *Service) Wire() wire.Service {
	return wire.Service{
		Name:      "iam",
		Protocol:  wire.Query,
		Namespace: "https://iam.amazonaws.com/doc/2010-05-08/",
		Version:   "2010-05-08",
		Global:    true,
		Operations: []wire.Operation{
			wire.Op("CreateRole", s.CreateRole, wire.Required("RoleName", "AssumeRolePolicyDocument"),
				wire.Optional("Description", "MaxSessionDuration", "Path", "Tags")),
			wire.Op("GetRole", s.GetRole, wire.Required("RoleName")),
			wire.Op("ListRoles", s.ListRoles, wire.Optional("Marker", "MaxItems", "PathPrefix"),
				wire.Length("PathPrefix", 1, 512), wire.Pattern("PathPrefix", `/[!-\x7f]*`)),
			wire.Op("DeleteRole", s.DeleteRole, wire.Required("RoleName")),
			wire.Op("UpdateRole", s.UpdateRole, wire.Required("RoleName"),
				wire.Optional("Description", "MaxSessionDuration")),
			wire.Op("UpdateAssumeRolePolicy", s.UpdateAssumeRolePolicy, wire.Required("RoleName", "PolicyDocument")),
			wire.Op("AttachRolePolicy", s.AttachRolePolicy, wire.Required("RoleName", "PolicyArn")),
			wire.Op("DetachRolePolicy", s.DetachRolePolicy, wire.Required("RoleName", "PolicyArn")),
			wire.Op("ListAttachedRolePolicies", s.ListAttachedRolePolicies, wire.Required("RoleName"),
				wire.Optional("Marker", "MaxItems")),
			wire.Op("PutRolePolicy", s.PutRolePolicy, wire.Required("RoleName", "PolicyName", "PolicyDocument")),
			wire.Op("GetRolePolicy", s.GetRolePolicy, wire.Required("RoleName", "PolicyName")),
			wire.Op("DeleteRolePolicy", s.DeleteRolePolicy, wire.Required("RoleName", "PolicyName")),
			wire.Op("ListRolePolicies", s.ListRolePolicies, wire.Required("RoleName"),
				wire.Optional("Marker", "MaxItems")),
			wire.Op("TagRole", s.TagRole, wire.Required("RoleName", "Tags")),
			wire.Op("UntagRole", s.UntagRole, wire.Required("RoleName", "TagKeys")),
			wire.Op("ListRoleTags", s.ListRoleTags, wire.Required("RoleName")),
			wire.Op("CreatePolicy", s.CreatePolicy, wire.Required("PolicyDocument", "PolicyName"), wire.Optional("Description", "Path")),
			wire.Op("GetPolicy", s.GetPolicy, wire.Required("PolicyArn")),
			wire.Op("ListPolicies", s.ListPolicies, wire.Optional("Marker", "MaxItems", "Scope")),
			wire.Op("DeletePolicy", s.DeletePolicy, wire.Required("PolicyArn")),
			wire.Op("CreatePolicyVersion", s.CreatePolicyVersion, wire.Required("PolicyArn", "PolicyDocument"), wire.Optional("SetAsDefault")),
			wire.Op("GetPolicyVersion", s.GetPolicyVersion, wire.Required("PolicyArn", "VersionId")),
			wire.Op("ListPolicyVersions", s.ListPolicyVersions, wire.Required("PolicyArn")),
			wire.Op("DeletePolicyVersion", s.DeletePolicyVersion, wire.Required("PolicyArn", "VersionId")),
			wire.Op("CreateOpenIDConnectProvider", s.CreateOpenIDConnectProvider, wire.Required("Url"),
				wire.Optional("ClientIDList", "Tags", "ThumbprintList")),
			wire.Op("GetOpenIDConnectProvider", s.GetOpenIDConnectProvider, wire.Required("OpenIDConnectProviderArn")),
			wire.Op("ListOpenIDConnectProviders", s.ListOpenIDConnectProviders),
			wire.Op("DeleteOpenIDConnectProvider", s.DeleteOpenIDConnectProvider, wire.Required("OpenIDConnectProviderArn"), wire.Length("OpenIDConnectProviderArn", 20, 2048)),
			wire.Op("AddClientIDToOpenIDConnectProvider", s.AddClientIDToOpenIDConnectProvider,
				wire.Required("ClientID", "OpenIDConnectProviderArn")),
			wire.Op("RemoveClientIDFromOpenIDConnectProvider", s.RemoveClientIDFromOpenIDConnectProvider,
				wire.Required("ClientID", "OpenIDConnectProviderArn")),
			wire.Op("UpdateOpenIDConnectProviderThumbprint", s.UpdateOpenIDConnectProviderThumbprint,
				wire.Required("OpenIDConnectProviderArn", "ThumbprintList")),
			wire.Op("TagOpenIDConnectProvider", s.TagOpenIDConnectProvider, wire.Required("OpenIDConnectProviderArn", "Tags")),
			wire.Op("UntagOpenIDConnectProvider", s.UntagOpenIDConnectProvider, wire.Required("OpenIDConnectProviderArn", "TagKeys")),
		},
	}
}
