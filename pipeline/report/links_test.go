package report_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"orgship/pipeline/report"
)

func TestOriginFrom(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		env  map[string]string
		want report.Origin
	}{
		{"a laptop", nil, report.Origin{}},
		{"GitHub Actions", map[string]string{
			"GITHUB_ACTIONS": "true", "GITHUB_SHA": "abc", "GITHUB_SERVER_URL": "https://github.com", "GITHUB_REPOSITORY": "shop/web", "GITHUB_RUN_ID": "7",
		}, report.Origin{Commit: "abc", Run: "https://github.com/shop/web/actions/runs/7"}},
		{"CodeBuild", map[string]string{
			"CODEBUILD_BUILD_ID": "ship:1-2", "CODEBUILD_RESOLVED_SOURCE_VERSION": "abc", "AWS_REGION": "eu-west-1",
		}, report.Origin{Commit: "abc", Run: "https://eu-west-1.console.aws.amazon.com/codesuite/codebuild/projects/ship/build/ship:1-2"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, report.OriginFrom(func(name string) string { return test.env[name] })); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestConsole(t *testing.T) {
	t.Parallel()
	for _, endpoint := range []string{"", "http://127.0.0.1:4566"} {
		r := report.NewRecorder(report.Release, "", nil)
		r.Edit(func(p *report.Report) {
			p.Account = report.Account{ID: "222222222222", Region: "eu-west-1", Endpoint: endpoint}
			p.Stack.ID = "arn:aws:cloudformation:eu-west-1:222222222222:stack/shop/1"
		})
		r.Traffic(report.Traffic{Percent: 100, Deployment: "d-1"})
		links := r.Close(report.Successful, report.Released, "").Links
		if endpoint != "" && links != nil {
			t.Errorf("links of another endpoint: %v", links)
		}
		if endpoint == "" && (!strings.HasSuffix(links["stack"], "stackId=arn%3Aaws%3Acloudformation%3Aeu-west-1%3A222222222222%3Astack%2Fshop%2F1") ||
			links["deployment"] != "https://eu-west-1.console.aws.amazon.com/codesuite/codedeploy/deployments/d-1?region=eu-west-1") {
			t.Errorf("links %v", links)
		}
	}
}
