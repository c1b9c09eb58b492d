package cloudformation

import (
	"context"
	"errors"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"orgship/sandbox/cloudformation/document"
	"orgship/sandbox/cloudformation/resource"
	"orgship/sandbox/secretsmanager"
)

// referenceError says why a dynamic reference can't be resolved.
type referenceError struct{ text string }

func (e *referenceError) Error() string { return e.text }

// insecure says at once, or leaves to the change set that it fails with, that a
// SecureString is where none may be.
func insecure(err error, atOnce bool) error {
	var reference *referenceError
	switch {
	case !errors.As(err, &reference):
		return err
	case atOnce:
		return invalid("%s", reference.text)
	}
	return nil
}

// plain resolves the references to plain parameters in a resource's properties.
// Those to secrets stay: neither stacks nor events ever have what they stand for.
func (s *Service) plain(ctx context.Context, typeName string, properties map[string]any) (map[string]any, error) {
	var names, lacking, secure []string
	_, err := document.Replace(properties, typeName+"/Properties", func(path string, d document.Dynamic) (string, error) {
		switch {
		case d.Service == document.Stored:
			names = append(names, d.Name)
		case d.Service == document.Secure && !slices.Contains(securable(), path):
			secure = append(secure, path)
		}
		return d.Text, nil
	})
	if len(secure) > 0 {
		// https://github.com/aws/serverless-application-model/issues/1528
		return nil, &referenceError{"SSM Secure reference is not supported in: " + brackets(secure)}
	}
	if err != nil || len(names) == 0 {
		return properties, err
	}
	slices.Sort(names)
	has, missing, err := s.fetch(ctx, slices.Compact(names))
	if err != nil {
		return nil, err
	}
	for _, name := range missing {
		lacking = append(lacking, "ssm:"+name)
	}
	if len(lacking) > 0 {
		// https://github.com/aws-samples/data-mesh-datazone-cdk-cloudformation/issues/19
		return nil, invalid("Parameters: %s cannot be found.", brackets(lacking))
	}
	return replaced(properties, func(_ string, d document.Dynamic) (string, error) {
		if d.Service == document.Stored {
			return has[d.Name], nil
		}
		return d.Text, nil
	})
}

func replaced(properties map[string]any, f func(string, document.Dynamic) (string, error)) (map[string]any, error) {
	v, err := document.Replace(properties, "", f)
	m, _ := v.(map[string]any)
	return m, err
}

// securable lists the properties that may refer to a SecureString. The sandbox
// models none of their types yet.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references-ssm-secure-strings.html
func securable() []string {
	return []string{
		"AWS::DirectoryService::MicrosoftAD/Properties/Password", "AWS::DirectoryService::SimpleAD/Properties/Password",
		"AWS::ElastiCache::ReplicationGroup/Properties/AuthToken", "AWS::IAM::User/Properties/LoginProfile/Password",
		"AWS::KinesisFirehose::DeliveryStream/Properties/RedshiftDestinationConfiguration/Password", "AWS::OpsWorks::App/Properties/AppSource/Password",
		"AWS::OpsWorks::Stack/Properties/CustomCookbooksSource/Password", "AWS::OpsWorks::Stack/Properties/RdsDbInstances/DbPassword",
		"AWS::RDS::DBCluster/Properties/MasterUserPassword", "AWS::RDS::DBInstance/Properties/MasterUserPassword",
		"AWS::Redshift::Cluster/Properties/MasterUserPassword",
	}
}

// reveal returns a resource's properties with what references to secrets stand for,
// checked, for the handler that makes it.
func (o *operation) reveal(ctx context.Context, r *resourceState) (map[string]any, error) {
	found := false
	revealed, err := replaced(r.properties, func(_ string, d document.Dynamic) (string, error) {
		found = true
		return o.secret(ctx, d)
	})
	if err != nil || !found {
		return r.properties, err
	}
	checked, err := o.service.types[r.typeName].Properties.Check(revealed)
	if err != nil {
		return nil, invalid("Properties validation failed for resource %s with message:\n%s", r.id, err)
	}
	return checked, nil
}

// revealing begins the request to a handler that makes or changes a resource.
func (o *operation) revealing(ctx context.Context, r *resourceState) (*resource.Request, error) {
	request := o.request(r)
	var err error
	request.Properties, err = o.reveal(ctx, r)
	return request, err
}

// previous returns the properties that a resource had, as its handler compares them:
// where the template has the same reference, the secret is the same.
func previous(was, is *resourceState, revealed map[string]any) map[string]any {
	before := maps.Clone(was.properties)
	for name, v := range before {
		if reflect.DeepEqual(v, is.properties[name]) {
			before[name] = revealed[name]
		}
	}
	return before
}

// secret reads what a reference stands for, and remembers it as something to hide.
func (o *operation) secret(ctx context.Context, d document.Dynamic) (string, error) {
	in := &secretsmanager.GetSecretValueInput{SecretId: &d.Name, VersionStage: nonEmpty(d.Stage), VersionId: nonEmpty(d.Version)}
	out, err := o.service.cfg.Secrets.GetSecretValue(ctx, in)
	if err != nil {
		return "", &referenceError{reasonOf(answered(err, "AWSSecretsManager"))}
	}
	value := aws.ToString(out.SecretString)
	if out.SecretString == nil {
		return "", &referenceError{"The secret of a dynamic reference has no SecretString: " + d.Name}
	}
	if d.Key != "" {
		member, ok := secretsmanager.Member(value, d.Key)
		if !ok {
			// https://github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/1822
			return "", &referenceError{"Could not find a value associated with JSONKey in SecretString"}
		}
		value = member
	}
	o.locked(func() { o.hidden = append(o.hidden, value) })
	return value, nil
}

// hide masks the secrets that the operation has read in a text that people see.
func (o *operation) hide(text string) string {
	o.service.mu.Lock()
	defer o.service.mu.Unlock()
	for _, secret := range o.hidden {
		if secret != "" {
			text = strings.ReplaceAll(text, secret, "****")
		}
	}
	return text
}
