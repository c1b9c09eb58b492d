package resource

import (
	"context"
	"encoding/json"

	"github.com/aws/aws-sdk-go-v2/aws"

	"orgship/sandbox/id"
	"orgship/sandbox/secretsmanager"
	"orgship/sandbox/wire"
)

// Secrets is the part of Secrets Manager that resources use.
type Secrets interface {
	CreateSecret(context.Context, *secretsmanager.CreateSecretInput) (*secretsmanager.CreateSecretOutput, error)
	UpdateSecret(context.Context, *secretsmanager.UpdateSecretInput) (*secretsmanager.UpdateSecretOutput, error)
	DeleteSecret(context.Context, *secretsmanager.DeleteSecretInput) (*secretsmanager.DeleteSecretOutput, error)
	GetRandomPassword(context.Context, *secretsmanager.GetRandomPasswordInput) (*secretsmanager.GetRandomPasswordOutput, error)
	TagResource(context.Context, *secretsmanager.TagResourceInput) (*secretsmanager.TagResourceOutput, error)
	UntagResource(context.Context, *secretsmanager.UntagResourceInput) (*secretsmanager.UntagResourceOutput, error)
}

// SecretsManager returns the resource types of Secrets Manager.
func SecretsManager(room Secrets) []*Type { return []*Type{secret(room)} }

// secret is AWS::SecretsManager::Secret.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-secretsmanager-secret.html
func secret(room Secrets) *Type {
	return &Type{
		Name: "AWS::SecretsManager::Secret", NameProperty: "Name",
		Properties: Object{
			"Name": text().replace(), "Description": text(), "SecretString": text(), "KmsKeyId": text(), "Tags": tagList(),
			"GenerateSecretString": object(Object{
				"ExcludeCharacters": text(), "ExcludeLowercase": boolean(), "ExcludeNumbers": boolean(), "ExcludePunctuation": boolean(),
				"ExcludeUppercase": boolean(), "IncludeSpace": boolean(), "PasswordLength": integer(), "RequireEachIncludedType": boolean(),
				"GenerateStringKey": text(), "SecretStringTemplate": text(),
			}),
		}.lacking("ReplicaRegions", "Type"),
		Attributes: []string{"Id"},
		Handler:    secrets{room},
		Tagged:     true,
	}
}

type secrets struct{ room Secrets }

// value returns the secret's value, nil when the template gives none: it is text,
// or a password, alone or in a JSON document of the template's.
func (h secrets) value(ctx context.Context, r *Request) (*string, error) {
	rules, generate := r.Properties["GenerateSecretString"].(map[string]any)
	given := optional(r.Properties, "SecretString")
	if !generate {
		return given, nil
	}
	if given != nil {
		return nil, invalidSecret("You can't specify both SecretString and GenerateSecretString.")
	}
	in := &secretsmanager.GetRandomPasswordInput{}
	if err := fill(in, without(rules, "GenerateStringKey", "SecretStringTemplate")); err != nil {
		return nil, err
	}
	out, err := h.room.GetRandomPassword(ctx, in)
	if err != nil {
		return nil, err
	}
	return within(optional(rules, "SecretStringTemplate"), optional(rules, "GenerateStringKey"), out.RandomPassword)
}

// within puts a password into a JSON document under a key.
func within(document, key, password *string) (*string, error) {
	switch {
	case document == nil && key == nil:
		return password, nil
	case document == nil || key == nil:
		return nil, invalidSecret("GenerateStringKey and SecretStringTemplate must be given together.")
	}
	var values map[string]any
	if err := json.Unmarshal([]byte(*document), &values); err != nil || values == nil {
		// https://github.com/aws/aws-cdk/issues/7676
		return nil, invalidSecret("Failed to parse SecretStringTemplate as JSON")
	}
	values[*key] = *password
	text, err := json.Marshal(values)
	return aws.String(string(text)), err
}

func invalidSecret(message string) error {
	return wire.Errorf("InvalidRequest", "%s", message)
}

// Create makes the secret; one without a name is called as the resource, and twelve
// characters.
func (h secrets) Create(ctx context.Context, r *Request) error {
	value, err := h.value(ctx, r)
	if err != nil {
		return err
	}
	name := str(r.Properties, "Name")
	if name == "" {
		name = r.LogicalID + "-" + id.Of(id.Capitals, 12)
	}
	in := &secretsmanager.CreateSecretInput{
		Name: &name, Description: optional(r.Properties, "Description"), KmsKeyId: optional(r.Properties, "KmsKeyId"), SecretString: value,
	}
	for _, t := range r.tags() {
		in.Tags = append(in.Tags, secretsmanager.Tag{Key: aws.String(t[0]), Value: aws.String(t[1])})
	}
	out, err := h.room.CreateSecret(ctx, in)
	if err != nil {
		return err
	}
	r.Initiated(State{ID: *out.ARN, Attributes: map[string]string{"Id": *out.ARN}})
	return nil
}

// Update makes a new version where the value, or the rules for it, changed.
func (h secrets) Update(ctx context.Context, r *Request) error {
	in := &secretsmanager.UpdateSecretInput{SecretId: &r.ID, KmsKeyId: optional(r.Properties, "KmsKeyId")}
	if r.changed("Description") {
		in.Description = aws.String(str(r.Properties, "Description"))
	}
	if r.changed("SecretString", "GenerateSecretString") {
		var err error
		if in.SecretString, err = h.value(ctx, r); err != nil {
			return err
		}
	}
	if r.changed("Description", "KmsKeyId", "SecretString", "GenerateSecretString") {
		if _, err := h.room.UpdateSecret(ctx, in); err != nil {
			return err
		}
	}
	return h.retag(ctx, r)
}

func (h secrets) retag(ctx context.Context, r *Request) error {
	add, remove := r.retagged()
	if len(remove) > 0 {
		if _, err := h.room.UntagResource(ctx, &secretsmanager.UntagResourceInput{SecretId: &r.ID, TagKeys: remove}); err != nil {
			return err
		}
	}
	if len(add) == 0 {
		return nil
	}
	in := &secretsmanager.TagResourceInput{SecretId: &r.ID}
	for _, t := range add {
		in.Tags = append(in.Tags, secretsmanager.Tag{Key: aws.String(t[0]), Value: aws.String(t[1])})
	}
	_, err := h.room.TagResource(ctx, in)
	return err
}

// Delete removes the secret.
//
// Assumption A173: at once, without a window in which it could be restored.
func (h secrets) Delete(ctx context.Context, r *Request) error {
	_, err := h.room.DeleteSecret(ctx, &secretsmanager.DeleteSecretInput{SecretId: &r.ID, ForceDeleteWithoutRecovery: aws.Bool(true)})
	return gone(err)
}
