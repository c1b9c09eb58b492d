package report

import (
	"fmt"
	"net/url"
	"strings"
)

// Origin is who started the work, and for what.
type Origin struct {
	Principal string `json:"principal,omitempty"` // ARN of who the credentials belong to
	Commit    string `json:"commit,omitempty"`    // that the CI system built
	Run       string `json:"run,omitempty"`       // URL of the CI system's run
}

// OriginFrom reads what GitHub Actions or CodeBuild say of a run.
// https://docs.github.com/en/actions/reference/workflows-and-actions/variables
// https://docs.aws.amazon.com/codebuild/latest/userguide/build-env-ref-env-vars.html
func OriginFrom(getenv func(string) string) Origin {
	switch {
	case getenv("GITHUB_ACTIONS") == "true":
		return Origin{
			Commit: Clean(getenv("GITHUB_SHA")),
			Run:    CleanURL(fmt.Sprintf("%s/%s/actions/runs/%s", getenv("GITHUB_SERVER_URL"), getenv("GITHUB_REPOSITORY"), getenv("GITHUB_RUN_ID"))),
		}
	case getenv("CODEBUILD_BUILD_ID") != "":
		region, id := getenv("AWS_REGION"), getenv("CODEBUILD_BUILD_ID")
		project, _, _ := strings.Cut(id, ":")
		return Origin{
			Commit: Clean(getenv("CODEBUILD_RESOLVED_SOURCE_VERSION")),
			Run: CleanURL(fmt.Sprintf("https://%s.console.aws.amazon.com/codesuite/codebuild/projects/%s/build/%s",
				region, url.PathEscape(project), url.PathEscape(id))),
		}
	}
	return Origin{}
}

// console are the pages of AWS's console about what the report is about; none of
// another endpoint than AWS itself.
func console(r Report) map[string]string {
	region := r.Account.Region
	if r.Account.Endpoint != "" || region == "" || r.Stack.ID == "" {
		return nil
	}
	base := "https://" + region + ".console.aws.amazon.com/"
	links := map[string]string{
		"stack": base + "cloudformation/home?region=" + region + "#/stacks/events?stackId=" + url.QueryEscape(r.Stack.ID),
	}
	for _, t := range r.Traffic {
		if t.Deployment != "" {
			links["deployment"] = base + "codesuite/codedeploy/deployments/" + url.PathEscape(t.Deployment) + "?region=" + region
		}
	}
	if f := r.FailedTask; f != nil && f.LogGroup != "" { // the console takes names encoded twice, with $ for %
		group := strings.ReplaceAll(url.QueryEscape(url.QueryEscape(f.LogGroup)), "%", "$")
		links["log"] = base + "cloudwatch/home?region=" + region + "#logsV2:log-groups/log-group/" + group
	}
	return links
}
