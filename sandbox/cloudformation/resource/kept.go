package resource

import (
	"context"
	"strings"

	"orgship/sandbox/iam"
)

// Kept returns resource types that are kept and do nothing: what they stand for has no
// part in a release. The caller needs the permissions that AWS asks for.
func Kept(auth iam.Authorizer) []*Type {
	return []*Type{
		{
			Name: "AWS::Lambda::Function", NameProperty: "FunctionName",
			Properties: lambdaFunction(), Attributes: []string{"Arn"}, Tagged: true,
			Handler: kept{auth: auth, service: "lambda", kind: "Function", named: "FunctionName", arn: "function:", role: "lambda.amazonaws.com"},
		},
		{
			Name: "AWS::Lambda::Permission",
			Properties: Object{
				"Action": text().need().replace(), "FunctionName": text().need().replace(), "Principal": text().need().replace(),
				"SourceAccount": text().replace(), "SourceArn": text().replace(), "PrincipalOrgID": text().replace(), "EventSourceToken": text().replace(),
				"FunctionUrlAuthType": oneOf("AWS_IAM", "NONE").replace(), "InvokedViaFunctionUrl": boolean().replace(),
			},
			Attributes: []string{"Id"},
			Handler:    kept{auth: auth, service: "lambda", kind: "Permission", create: "AddPermission", remove: "RemovePermission", arn: "function:"},
		},
	}
}

// lambdaFunction: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-function.html
func lambdaFunction() Object {
	return Object{
		"Architectures": texts(), "Code": object(Object{"ZipFile": text(), "ImageUri": text(), "S3Bucket": text(), "S3Key": text(), "S3ObjectVersion": text(), "S3ObjectStorageMode": text(), "SourceKMSKeyArn": text()}).need(),
		"DeadLetterConfig": object(Object{"TargetArn": text()}), "Description": text(), "Environment": object(Object{"Variables": mapOf(text())}),
		"EphemeralStorage": object(Object{"Size": integer().need()}), "FunctionName": text().replace(), "Handler": text(), "KmsKeyArn": text(), "Layers": texts(),
		"MemorySize": integer(), "PackageType": oneOf("Image", "Zip").replace(), "ReservedConcurrentExecutions": integer(), "Role": text().need(), "Runtime": text(),
		"LoggingConfig": object(Object{"ApplicationLogLevel": text(), "LogFormat": text(), "LogGroup": text(), "SystemLogLevel": text()}),
		"Tags":          labelList(), "Timeout": integer(), "TracingConfig": object(Object{"Mode": text()}),
		"VpcConfig": object(Object{"Ipv6AllowedForDualStack": boolean(), "SecurityGroupIds": texts(), "SubnetIds": texts()}),
	}.lacking("CapacityProviderConfig", "CodeSigningConfigArn", "DurableConfig", "FileSystemConfigs", "FunctionScalingConfig", "ImageConfig",
		"PublishToLatestPublished", "RecursiveLoop", "RuntimeManagementConfig", "SnapStart", "TenancyConfig")
}

// kept is the handler of a type that only its stack knows. What it is called by comes
// from its name or is made up.
type kept struct {
	auth           iam.Authorizer
	service, kind  string
	named          string // property with its name, if it has one
	arn            string // what stands before the name in its ARN
	create, remove string // operations; "" means Create and Delete with the kind
	role           string // who is passed the role of the property Role
}

func (h kept) Create(ctx context.Context, r *Request) error {
	name := r.name(64)
	if h.named != "" {
		name = r.given(h.named, 64)
	}
	operation := h.create
	if operation == "" {
		operation = "Create" + h.kind
	}
	if err := h.authorize(ctx, r, operation, name); err != nil {
		return err
	}
	r.ID = name
	r.Initiated(State{ID: name, Attributes: map[string]string{"Arn": h.resource(r, name), "Id": name}})
	return nil
}

func (h kept) authorize(ctx context.Context, r *Request, operation, name string) error {
	if err := h.auth.Authorize(ctx, h.service+":"+operation, h.resource(r, name)); err != nil {
		return err
	}
	role := str(r.Properties, "Role")
	if h.role == "" || !strings.HasPrefix(role, "arn:") {
		return nil
	}
	return h.auth.AuthorizeWith(ctx, "iam:PassRole", role, map[string][]string{"iam:PassedToService": {h.role}})
}

func (h kept) resource(r *Request, name string) string {
	return "arn:aws:" + h.service + ":" + r.Scope.Region + ":" + r.Scope.Account + ":" + h.arn + name
}

func (h kept) Update(ctx context.Context, r *Request) error {
	return h.authorize(ctx, r, "Update"+h.kind+"Configuration", r.ID)
}

func (h kept) Delete(ctx context.Context, r *Request) error {
	operation := h.remove
	if operation == "" {
		operation = "Delete" + h.kind
	}
	return h.auth.Authorize(ctx, h.service+":"+operation, h.resource(r, r.ID))
}
