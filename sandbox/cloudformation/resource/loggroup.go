package resource

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"

	"orgship/sandbox/logs"
)

// LogGroups is the part of CloudWatch Logs that resources use.
type LogGroups interface {
	CreateLogGroup(context.Context, *logs.CreateLogGroupInput) (*logs.CreateLogGroupOutput, error)
	DeleteLogGroup(context.Context, *logs.DeleteLogGroupInput) (*logs.DeleteLogGroupOutput, error)
	PutRetentionPolicy(context.Context, *logs.PutRetentionPolicyInput) (*logs.PutRetentionPolicyOutput, error)
	DeleteRetentionPolicy(context.Context, *logs.DeleteRetentionPolicyInput) (*logs.DeleteRetentionPolicyOutput, error)
	TagResource(context.Context, *logs.TagResourceInput) (*logs.TagResourceOutput, error)
	UntagResource(context.Context, *logs.UntagResourceInput) (*logs.UntagResourceOutput, error)
}

// Logs returns the resource types of CloudWatch Logs.
func Logs(room LogGroups) []*Type { return []*Type{logGroup(room)} }

// logGroup is AWS::Logs::LogGroup.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-logs-loggroup.html
func logGroup(room LogGroups) *Type {
	return &Type{
		Name: "AWS::Logs::LogGroup", NameProperty: "LogGroupName",
		Properties: Object{
			"LogGroupName": text().replace(), "RetentionInDays": integer(), "Tags": tagList(),
			"LogGroupClass": oneOf("STANDARD", "INFREQUENT_ACCESS", "DELIVERY").models("STANDARD"),
		}.lacking("BearerTokenAuthenticationEnabled", "DataProtectionPolicy", "DeletionProtectionEnabled", "FieldIndexPolicies",
			"KmsKeyId", "ResourcePolicyDocument"),
		Attributes: []string{"Arn"},
		Handler:    logGroups{room},
		Tagged:     true,
	}
}

type logGroups struct{ room LogGroups }

func (h logGroups) Create(ctx context.Context, r *Request) error {
	name := r.given("LogGroupName", 512)
	in := &logs.CreateLogGroupInput{LogGroupName: &name, LogGroupClass: str(r.Properties, "LogGroupClass"), Tags: map[string]string{}}
	for _, t := range r.tags() {
		in.Tags[t[0]] = t[1]
	}
	if _, err := h.room.CreateLogGroup(ctx, in); err != nil {
		return err
	}
	r.ID = name
	arn := "arn:aws:logs:" + r.Scope.Region + ":" + r.Scope.Account + ":log-group:" + name + ":*"
	r.Initiated(State{ID: name, Attributes: map[string]string{"Arn": arn}})
	return h.retention(ctx, r)
}

func (h logGroups) retention(ctx context.Context, r *Request) error {
	if !r.changed("RetentionInDays") {
		return nil
	}
	days, ok := r.Properties["RetentionInDays"].(int64)
	if !ok {
		_, err := h.room.DeleteRetentionPolicy(ctx, &logs.DeleteRetentionPolicyInput{LogGroupName: &r.ID})
		return err
	}
	_, err := h.room.PutRetentionPolicy(ctx, &logs.PutRetentionPolicyInput{LogGroupName: &r.ID, RetentionInDays: aws.Int32(int32(days))})
	return err
}

func (h logGroups) Update(ctx context.Context, r *Request) error {
	if err := h.retention(ctx, r); err != nil {
		return err
	}
	add, remove := r.retagged()
	arn := "arn:aws:logs:" + r.Scope.Region + ":" + r.Scope.Account + ":log-group:" + r.ID
	if len(remove) > 0 {
		if _, err := h.room.UntagResource(ctx, &logs.UntagResourceInput{ResourceArn: &arn, TagKeys: remove}); err != nil {
			return err
		}
	}
	if len(add) == 0 {
		return nil
	}
	in := &logs.TagResourceInput{ResourceArn: &arn, Tags: map[string]string{}}
	for _, t := range add {
		in.Tags[t[0]] = t[1]
	}
	_, err := h.room.TagResource(ctx, in)
	return err
}

func (h logGroups) Delete(ctx context.Context, r *Request) error {
	_, err := h.room.DeleteLogGroup(ctx, &logs.DeleteLogGroupInput{LogGroupName: &r.ID})
	return gone(err)
}
