package secretsmanager

import "time"

// The shapes of the API, under the names that the AWS SDK for Go gives them.
// https://docs.aws.amazon.com/secretsmanager/latest/apireference/

// Tag is a key and value of a secret.
type Tag struct {
	Key   *string
	Value *string
}

// CreateSecretInput is a secret, with its first version or without.
type CreateSecretInput struct {
	ClientRequestToken *string // becomes the version's id
	Description        *string
	KmsKeyId           *string
	Name               *string
	SecretBinary       []byte
	SecretString       *string
	Tags               []Tag
}

// CreateSecretOutput names the secret.
type CreateSecretOutput struct {
	ARN       *string
	Name      *string
	VersionId *string
}

// GetSecretValueInput names a secret by name or ARN, and a version by id or stage.
type GetSecretValueInput struct {
	SecretId     *string
	VersionId    *string
	VersionStage *string
}

// GetSecretValueOutput is a version with its value.
type GetSecretValueOutput struct {
	ARN           *string
	CreatedDate   *time.Time
	Name          *string
	SecretBinary  []byte
	SecretString  *string
	VersionId     *string
	VersionStages []string
}

// PutSecretValueInput is a new version of a secret.
type PutSecretValueInput struct {
	ClientRequestToken *string
	SecretBinary       []byte
	SecretId           *string
	SecretString       *string
	VersionStages      []string
}

// PutSecretValueOutput names the version.
type PutSecretValueOutput struct {
	ARN           *string
	Name          *string
	VersionId     *string
	VersionStages []string
}

// UpdateSecretInput changes a secret, and makes a new version if it has a value.
type UpdateSecretInput struct {
	ClientRequestToken *string
	Description        *string
	KmsKeyId           *string
	SecretBinary       []byte
	SecretId           *string
	SecretString       *string
}

// UpdateSecretOutput names the secret, and the version if there is a new one.
type UpdateSecretOutput struct {
	ARN       *string
	Name      *string
	VersionId *string
}

// DescribeSecretInput names a secret.
type DescribeSecretInput struct{ SecretId *string }

// DescribeSecretOutput is a secret without its values.
type DescribeSecretOutput struct {
	ARN                *string
	CreatedDate        *time.Time
	DeletedDate        *time.Time
	Description        *string
	LastAccessedDate   *time.Time
	LastChangedDate    *time.Time
	Name               *string
	RotationEnabled    *bool
	Tags               []Tag
	VersionIdsToStages map[string][]string
}

// Filter keeps secrets of which something begins with one of the values.
type Filter struct {
	Key    string // name, description, tag-key, tag-value
	Values []string
}

// ListSecretsInput asks for secrets.
type ListSecretsInput struct {
	Filters                []Filter
	IncludePlannedDeletion *bool
	MaxResults             *int32
	NextToken              *string
	SortOrder              string // asc, desc; by when they were made
}

// SecretListEntry is a secret without its values.
type SecretListEntry struct {
	ARN                    *string
	CreatedDate            *time.Time
	DeletedDate            *time.Time
	Description            *string
	LastAccessedDate       *time.Time
	LastChangedDate        *time.Time
	Name                   *string
	SecretVersionsToStages map[string][]string
	Tags                   []Tag
}

// ListSecretsOutput lists secrets, the newest first.
type ListSecretsOutput struct {
	NextToken  *string
	SecretList []SecretListEntry
}

// DeleteSecretInput names a secret.
type DeleteSecretInput struct {
	ForceDeleteWithoutRecovery *bool
	RecoveryWindowInDays       *int64 // 7 to 30
	SecretId                   *string
}

// DeleteSecretOutput tells when the secret goes.
type DeleteSecretOutput struct {
	ARN          *string
	DeletionDate *time.Time
	Name         *string
}

// RestoreSecretInput names a secret that is marked for deletion.
type RestoreSecretInput struct{ SecretId *string }

// RestoreSecretOutput names the secret.
type RestoreSecretOutput struct {
	ARN  *string
	Name *string
}

// TagResourceInput sets tags of a secret.
type TagResourceInput struct {
	SecretId *string
	Tags     []Tag
}

// TagResourceOutput is empty.
type TagResourceOutput struct{}

// UntagResourceInput names tags of a secret.
type UntagResourceInput struct {
	SecretId *string
	TagKeys  []string
}

// UntagResourceOutput is empty.
type UntagResourceOutput struct{}

// GetRandomPasswordInput says what a password is made of. A nil length is 32, and
// each kind that isn't excluded is in it.
type GetRandomPasswordInput struct {
	ExcludeCharacters       *string
	ExcludeLowercase        *bool
	ExcludeNumbers          *bool
	ExcludePunctuation      *bool
	ExcludeUppercase        *bool
	IncludeSpace            *bool
	PasswordLength          *int64
	RequireEachIncludedType *bool
}

// GetRandomPasswordOutput is a password.
type GetRandomPasswordOutput struct{ RandomPassword *string }
