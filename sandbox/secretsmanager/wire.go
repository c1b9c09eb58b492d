package secretsmanager

import "orgship/sandbox/wire"

// Wire returns the room as clients see it. Rotation, replicas, policies and the
// moving of stages aren't modelled: the sandbox refuses them by name.
func (s *Service) Wire() wire.Service {
	token := wire.Length("ClientRequestToken", 32, 64)
	return wire.Service{
		Name: "secretsmanager", Protocol: wire.JSON11, TargetPrefix: "secretsmanager", Pascal: true,
		Words: wire.Words{Missing: func(names []string) *wire.Error {
			return wire.Errorf("ValidationException", "%s", wire.NullMembers(names))
		}, Outside: "ValidationException"},
		Operations: []wire.Operation{
			wire.Op("CreateSecret", s.CreateSecret, wire.Required("Name"),
				wire.Optional("ClientRequestToken", "Description", "KmsKeyId", "SecretBinary", "SecretString", "Tags"), wire.Length("Description", 0, 2048), token),
			wire.Op("GetSecretValue", s.GetSecretValue, wire.Required("SecretId"), wire.Optional("VersionId", "VersionStage")),
			wire.Op("PutSecretValue", s.PutSecretValue, wire.Required("SecretId"),
				wire.Optional("ClientRequestToken", "SecretBinary", "SecretString", "VersionStages"), token),
			wire.Op("UpdateSecret", s.UpdateSecret, wire.Required("SecretId"),
				wire.Optional("ClientRequestToken", "Description", "KmsKeyId", "SecretBinary", "SecretString"),
				wire.Length("Description", 0, 2048), token),
			wire.Op("DescribeSecret", s.DescribeSecret, wire.Required("SecretId")),
			wire.Op("ListSecrets", s.ListSecrets, wire.Optional("Filters", "IncludePlannedDeletion", "MaxResults", "NextToken", "SortOrder"), wire.OneOf("SortOrder", "asc", "desc")),
			wire.Op("DeleteSecret", s.DeleteSecret, wire.Required("SecretId"), wire.Optional("ForceDeleteWithoutRecovery", "RecoveryWindowInDays")),
			wire.Op("RestoreSecret", s.RestoreSecret, wire.Required("SecretId")),
			wire.Op("TagResource", s.TagResource, wire.Required("SecretId", "Tags")),
			wire.Op("UntagResource", s.UntagResource, wire.Required("SecretId", "TagKeys")),
			wire.Op("GetRandomPassword", s.GetRandomPassword, wire.Optional("ExcludeCharacters", "ExcludeLowercase", "ExcludeNumbers",
				"ExcludePunctuation", "ExcludeUppercase", "IncludeSpace", "PasswordLength", "RequireEachIncludedType"), wire.Length("ExcludeCharacters", 0, 4096)),
		},
	}
}
