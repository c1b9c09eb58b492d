package resource

import (
	"context"

	"orgship/sandbox/id"
)

// cdkMetadata is AWS::CDK::Metadata: what the CDK tells AWS of the constructs in a
// template. CloudFormation keeps it and makes nothing.
// https://docs.aws.amazon.com/cdk/v2/guide/usage-data.html
func cdkMetadata() *Type {
	return &Type{Name: "AWS::CDK::Metadata", Properties: Object{"Analytics": text(), "Modules": text()}, Handler: metadata{}}
}

type metadata struct{}

func (metadata) Create(_ context.Context, r *Request) error {
	r.Initiated(State{ID: id.UUID()})
	return nil
}

func (metadata) Update(context.Context, *Request) error { return nil }

func (metadata) Delete(context.Context, *Request) error { return nil }
