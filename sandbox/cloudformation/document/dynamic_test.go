package document_test

import (
	"fmt"
	"strings"
	"testing"

	"orgship/sandbox/cloudformation/document"
)

func format(v any) string { return fmt.Sprintf("%#v", v) }

// TestDynamic takes references apart, wherever they stand in a text.
func TestDynamic(t *testing.T) {
	t.Parallel()
	const arn = "arn:aws:secretsmanager:eu-west-1:222222222222:secret:db-AbCdEf"
	for _, row := range []struct{ text, want, fault string }{
		{"no reference", "no reference", ""},
		{"{{resolve:ssm:/app/name}}", "<ssm|/app/name|||>", ""},
		{"a-{{resolve:ssm:name:3}}-b", "a-<ssm|name:3|||>-b", ""},
		{"{{resolve:ssm-secure:/p:1}}", "<ssm-secure|/p:1|||>", ""},
		{"{{resolve:secretsmanager:db}}", "<secretsmanager|db|||>", ""},
		{"{{resolve:secretsmanager:db:SecretString:password}}", "<secretsmanager|db|password||>", ""},
		{"{{resolve:secretsmanager:db:SecretString:password:AWSPREVIOUS}}", "<secretsmanager|db|password|AWSPREVIOUS|>", ""},
		{"{{resolve:secretsmanager:" + arn + ":SecretString:password::}}", "<secretsmanager|" + arn + "|password||>", ""},
		{"{{resolve:secretsmanager:" + arn + "}}", "<secretsmanager|" + arn + "|||>", ""},
		{"{{resolve:secretsmanager:db:SecretString:::v1}}", "<secretsmanager|db|||v1>", ""},
		{"{{resolve:ssm:a}}{{resolve:ssm:b}}", "<ssm|a|||><ssm|b|||>", ""},
		{"{{resolve:ssm:/p:}}", "", "Incorrect format is used in the following SSM reference: [{{resolve:ssm:/p:}}]"},
		{"{{resolve:ssm:a b}}", "", "Incorrect format"},
		{"{{resolve:secretsmanager:db:Binary}}", "", "Incorrect format is used in the following Secrets Manager reference"},
		{"{{resolve:secretsmanager:db:SecretString:k:STAGE:id}}", "", "Incorrect format"},
		{"{{resolve:s3:x}}", "", "is to none of ssm, ssm-secure and secretsmanager"},
	} {
		v, err := document.Replace(map[string]any{"A": []any{row.text}}, "", func(path string, d document.Dynamic) (string, error) {
			if path != "A" || !strings.Contains(row.text, d.Text) {
				t.Errorf("%s: at %s, %s", row.text, path, d.Text)
			}
			return "<" + strings.Join([]string{d.Service, d.Name, d.Key, d.Stage, d.Version}, "|") + ">", nil
		})
		if row.fault != "" {
			if err == nil || !strings.Contains(err.Error(), row.fault) {
				t.Errorf("%s: %v, want %s", row.text, err, row.fault)
			}
			continue
		}
		if got := format(v); err != nil || got != format(map[string]any{"A": []any{row.want}}) {
			t.Errorf("%s: %s, %v", row.text, got, err)
		}
	}
}

// TestVeiled hides texts with references from who looks at types.
func TestVeiled(t *testing.T) {
	t.Parallel()
	properties := map[string]any{"Port": "{{resolve:ssm:port}}", "List": []any{"a", "x{{resolve:ssm:b}}"}, "N": int64(1)}
	veiled := document.Veiled(properties)
	if document.Known(veiled) || strings.Contains(format(veiled), `"List":[]interface {}{"a", "x{{`) {
		t.Errorf("veiled: %v", veiled)
	}
	if got := document.Unveil(veiled); format(got) != format(properties) {
		t.Errorf("unveiled: %v", got)
	}
}
