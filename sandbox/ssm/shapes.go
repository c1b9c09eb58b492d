package ssm

import "time"

// The shapes of the API, under the names that the AWS SDK for Go gives them. They
// are written here because the SDK's own package takes most of a minute to compile.
// https://docs.aws.amazon.com/systems-manager/latest/APIReference/

// Tag is a key and value of a parameter.
type Tag struct {
	Key   *string
	Value *string
}

// PutParameterInput is a parameter, or its next version.
type PutParameterInput struct {
	AllowedPattern *string
	DataType       *string // text
	Description    *string
	KeyId          *string
	Name           *string
	Overwrite      *bool
	Policies       *string
	Tags           []Tag
	Tier           string // Standard, Advanced
	Type           string // String, StringList, SecureString
	Value          *string
}

// PutParameterOutput tells the version.
type PutParameterOutput struct {
	Tier    string
	Version int64
}

// Parameter is a parameter with its value.
type Parameter struct {
	ARN              *string
	DataType         *string
	LastModifiedDate *time.Time
	Name             *string
	Selector         *string
	Type             string
	Value            *string
	Version          int64
}

// GetParameterInput names a parameter, with a version or without: "name:3".
type GetParameterInput struct {
	Name           *string
	WithDecryption *bool
}

// GetParameterOutput is the parameter.
type GetParameterOutput struct{ Parameter *Parameter }

// GetParametersInput names up to ten parameters.
type GetParametersInput struct {
	Names          []string
	WithDecryption *bool
}

// GetParametersOutput has those that there are, and the names of the others.
type GetParametersOutput struct {
	InvalidParameters []string
	Parameters        []Parameter
}

// ParameterStringFilter keeps parameters of which something has one of the values.
type ParameterStringFilter struct {
	Key    *string
	Option *string
	Values []string
}

// GetParametersByPathInput names a path: "/app/".
type GetParametersByPathInput struct {
	MaxResults       *int32
	NextToken        *string
	ParameterFilters []ParameterStringFilter
	Path             *string
	Recursive        *bool
	WithDecryption   *bool
}

// GetParametersByPathOutput lists the parameters below a path.
type GetParametersByPathOutput struct {
	NextToken  *string
	Parameters []Parameter
}

// DescribeParametersInput asks for parameters without their values.
type DescribeParametersInput struct {
	MaxResults       *int32
	NextToken        *string
	ParameterFilters []ParameterStringFilter
}

// ParameterMetadata is a parameter without its value.
type ParameterMetadata struct {
	ARN              *string
	AllowedPattern   *string
	DataType         *string
	Description      *string
	KeyId            *string
	LastModifiedDate *time.Time
	LastModifiedUser *string
	Name             *string
	Tier             string
	Type             string
	Version          int64
}

// DescribeParametersOutput lists parameters.
type DescribeParametersOutput struct {
	NextToken  *string
	Parameters []ParameterMetadata
}

// GetParameterHistoryInput names a parameter.
type GetParameterHistoryInput struct {
	MaxResults     *int32
	Name           *string
	NextToken      *string
	WithDecryption *bool
}

// ParameterHistory is a version of a parameter.
type ParameterHistory struct {
	AllowedPattern   *string
	DataType         *string
	Description      *string
	KeyId            *string
	LastModifiedDate *time.Time
	LastModifiedUser *string
	Name             *string
	Tier             string
	Type             string
	Value            *string
	Version          int64
}

// GetParameterHistoryOutput lists versions, oldest first.
type GetParameterHistoryOutput struct {
	NextToken  *string
	Parameters []ParameterHistory
}

// DeleteParameterInput names a parameter.
type DeleteParameterInput struct{ Name *string }

// DeleteParameterOutput is empty.
type DeleteParameterOutput struct{}

// DeleteParametersInput names up to ten parameters.
type DeleteParametersInput struct{ Names []string }

// DeleteParametersOutput says which there were.
type DeleteParametersOutput struct {
	DeletedParameters []string
	InvalidParameters []string
}

// AddTagsToResourceInput sets tags of a parameter.
type AddTagsToResourceInput struct {
	ResourceId   *string
	ResourceType string
	Tags         []Tag
}

// AddTagsToResourceOutput is empty.
type AddTagsToResourceOutput struct{}

// RemoveTagsFromResourceInput names tags of a parameter.
type RemoveTagsFromResourceInput struct {
	ResourceId   *string
	ResourceType string
	TagKeys      []string
}

// RemoveTagsFromResourceOutput is empty.
type RemoveTagsFromResourceOutput struct{}

// ListTagsForResourceInput names a parameter.
type ListTagsForResourceInput struct {
	ResourceId   *string
	ResourceType string
}

// ListTagsForResourceOutput has the tags of a parameter.
type ListTagsForResourceOutput struct{ TagList []Tag }
