package sandbox_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"orgship/sandbox"
)

// TestObjects has the aws CLI keep objects in S3, and make a stack of a template there
// that is too long for a request.
func TestObjects(t *testing.T) {
	t.Parallel()
	needsCLI(t)
	w := newWorld(t, sandbox.Options{})
	dir := t.TempDir()
	long, short := filepath.Join(dir, "long template.json"), filepath.Join(dir, "short")
	body := fmt.Sprintf(`{"Metadata": {"Pad": "%s"}, "Resources": {"Home": {"Type": "AWS::ECS::Cluster"}}}`, strings.Repeat("x", 60_000))
	for file, text := range map[string]string{long: body, short: "hello"} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	url := w.Endpoint() + "/templates-1/deep/er/a b+c.json"
	for _, step := range []struct {
		account string
		args    []string
		want    string // part of what is printed, or of the error
		fails   bool
	}{
		{"dev-1", []string{"s3", "mb", "s3://templates-1"}, "make_bucket: templates-1", false},
		{"dev-1", []string{"s3", "mb", "s3://templates-1"}, "BucketAlreadyOwnedByYou", true},
		{"dev-2", []string{"s3", "mb", "s3://templates-1"}, "BucketAlreadyExists", true},
		{"dev-1", []string{"s3", "mb", "s3://No_Name"}, "", true},
		{"dev-1", []string{"s3", "cp", long, "s3://templates-1/deep/er/a b+c.json"}, "upload:", false},
		{"dev-1", []string{"s3", "cp", short, "s3://templates-1/short"}, "upload:", false},
		{"dev-1", []string{"s3", "ls", "s3://templates-1"}, "PRE deep/", false},
		{"dev-1", []string{"s3", "ls", "s3://templates-1", "--recursive"}, "deep/er/a b+c.json", false},
		{"dev-1", []string{"s3", "ls"}, "templates-1", false},
		{"dev-1", []string{"s3", "cp", "s3://templates-1/short", "-"}, "hello", false},
		{"dev-1", []string{"s3api", "get-object", "--bucket", "templates-1", "--key", "short", "--range", "bytes=1-3", filepath.Join(dir, "part")}, "bytes 1-3/5", false},
		{"dev-1", []string{"s3api", "head-object", "--bucket", "templates-1", "--key", "nothing"}, "404", true},
		{"dev-1", []string{"s3api", "get-object", "--bucket", "templates-1", "--key", "nothing", filepath.Join(dir, "none")}, "NoSuchKey", true},
		{"dev-1", []string{"s3api", "get-bucket-location", "--bucket", "templates-1"}, "eu-west-1", false},
		{"dev-1", []string{"s3api", "get-bucket-policy", "--bucket", "templates-1"}, "NotModelled", true},
		{"dev-2", []string{"s3", "ls", "s3://templates-1"}, "AccessDenied", true},
		{"dev-1", []string{"cloudformation", "create-stack", "--stack-name", "long", "--template-url", url}, "arn:aws:cloudformation", false},
		{"dev-1", []string{"cloudformation", "wait", "stack-create-complete", "--stack-name", "long"}, "", false},
		{"dev-1", []string{"cloudformation", "create-stack", "--stack-name", "other", "--template-url", "https://templates-1.s3.eu-west-1.amazonaws.com/deep/er/a b+c.json"}, "arn:aws:cloudformation", false},
		{"dev-1", []string{"cloudformation", "create-stack", "--stack-name", "none", "--template-url", w.Endpoint() + "/templates-1/none"}, "S3 error: The specified key does not exist.", true},
		{"dev-2", []string{"cloudformation", "create-stack", "--stack-name", "none", "--template-url", url}, "S3 error: Access Denied", true},
		{"dev-1", []string{"cloudformation", "create-stack", "--stack-name", "none", "--template-url", "https://example.com/x"}, "TemplateURL must be a supported URL.", true},
		{"dev-1", []string{"s3", "rb", "s3://templates-1"}, "BucketNotEmpty", true},
		{"dev-1", []string{"s3", "rb", "--force", "s3://templates-1"}, "remove_bucket: templates-1", false},
	} {
		out, err := w.aws(step.account, step.args...)
		if err != nil {
			out += err.Error()
		}
		if (err != nil) != step.fails || !strings.Contains(out, step.want) {
			t.Errorf("%s: aws %s: %q, error %v, want %q", step.account, strings.Join(step.args, " "), out, err, step.want)
		}
	}
}
