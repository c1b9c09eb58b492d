package codebuild_test

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/codebuild"
	"github.com/aws/aws-sdk-go-v2/service/codebuild/types"
)

// TestCredentials asks for a build's credentials as the SDKs do, from outside.
func TestCredentials(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.create()
	told := filepath.Join(t.TempDir(), "told")
	spec := "version: 0.2\nphases:\n  build:\n    commands:\n      - echo $AWS_CONTAINER_CREDENTIALS_FULL_URI $AWS_CONTAINER_AUTHORIZATION_TOKEN >" + told +
		".new; mv " + told + ".new " + told + "\n      - sleep 600\n"
	id := w.start(func(in *sdk.StartBuildInput) { in.BuildspecOverride = &spec })
	var url, token string
	w.until("the build to tell", func() bool {
		text, _ := os.ReadFile(told)
		url, token, _ = strings.Cut(strings.TrimSpace(string(text)), " ")
		return token != ""
	})
	get := func(token string) (int, map[string]string) {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
		check(t, err)
		request.Header.Set("Authorization", token)
		answer, err := http.DefaultClient.Do(request)
		check(t, err)
		defer answer.Body.Close()
		body, err := io.ReadAll(answer.Body)
		check(t, err)
		var found map[string]string
		_ = json.Unmarshal(body, &found)
		return answer.StatusCode, found
	}
	_, first := get(token)
	_, second := get(token)
	if first["RoleArn"] != role || first["AccessKeyId"] == "" || first["AccessKeyId"] == second["AccessKeyId"] {
		t.Errorf("role %s, keys %s and %s", first["RoleArn"], first["AccessKeyId"], second["AccessKeyId"])
	}
	if _, _, err := w.iam.Secret(t.Context(), first["AccessKeyId"], first["Token"]); err != nil {
		t.Error(err)
	}
	if status, _ := get("another"); status != http.StatusForbidden {
		t.Errorf("with another token: %d", status)
	}
	_, err := w.StopBuild(t.Context(), &sdk.StopBuildInput{Id: &id})
	check(t, err)
	all := strings.Join(w.lines(w.ended(id)), "\n")
	for _, secret := range []string{token, first["SecretAccessKey"], first["Token"]} {
		if strings.Contains(all, secret) {
			t.Error("the log has a secret of the service role")
		}
	}
	if status, _ := get(token); status != http.StatusForbidden {
		t.Errorf("after the build: %d", status)
	}
}

// TestCLIInBuild has the aws command find the role's credentials.
func TestCLIInBuild(t *testing.T) {
	t.Parallel()
	needsCLI(t)
	w := newWorld(t)
	w.create()
	spec := `version: 0.2
phases:
  build:
    commands:
      - aws sts get-caller-identity --query Arn --output text
`
	export, want := "", "arn:aws:sts::222222222222:assumed-role/builder/AWSCodeBuild-"
	version, err := exec.Command("aws", "--version").CombinedOutput()
	if err == nil && strings.HasPrefix(string(version), "aws-cli/2") {
		spec += "      - aws configure export-credentials --format process | grep -c SessionToken\n"
		export = "\n1"
	} else {
		t.Logf("SKIP aws configure export-credentials: %s has none", version)
	}
	b := w.runs(spec)
	want += *b.Logs.StreamName + export
	if got := w.printed(b); got != want {
		t.Errorf("%s: %s\nwant %s", fault(b), got, want)
	}
}

// TestDeniedRole gives the service role too little.
func TestDeniedRole(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.create()
	for _, test := range [][2]string{ // the last makes the group
		{`"logs:CreateLogStream"`, "not authorized to perform: logs:CreateLogGroup on resource"},
		{`"logs:CreateLogGroup"`, "not authorized to perform: logs:CreateLogStream on resource"},
		{`"logs:CreateLogGroup","logs:CreateLogStream"`, "not authorized to perform: logs:PutLogEvents on resource"},
	} {
		actions, want := test[0], test[1]
		w.allow(actions)
		b := w.ended(w.start())
		if got := fault(b); shown(b) != "SUBMITTED QUEUED PROVISIONING=FAILED FINALIZING COMPLETED" || b.BuildStatus != "FAILED" ||
			!strings.HasPrefix(got, "ACCESS_DENIED: Service role "+role+" does not allow AWS CodeBuild to create Amazon CloudWatch Logs log streams") || !strings.Contains(got, want) {
			t.Errorf("%s: %s %s", actions, shown(b), got)
		}
	}
}

const junit = `<testsuites><testsuite name="unit">
<testcase name="one" classname="pkg" time="0.5"/>
<testcase name="two" classname="pkg" time="1"><failure message="expected 1">trace</failure></testcase>
<testcase name="three" classname="pkg"><skipped/></testcase>
<testcase name="four" classname="pkg"><error>boom</error></testcase>
</testsuite></testsuites>`

// TestReports makes a report of JUnit files.
func TestReports(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "out/deep/junit.xml", junit, "out/other.txt", "text", "buildspec.yml", `version: 0.2
phases: {build: {commands: ["true"]}}
reports:
  unit: {files: ['**/*.xml'], base-directory: out, file-format: JunitXml}
`)
	w.create()
	b := w.ended(w.start())
	if b.BuildStatus != "SUCCEEDED" || len(b.ReportArns) != 1 {
		t.Fatalf("%s %s %v", b.BuildStatus, fault(b), b.ReportArns)
	}
	groups, err := w.ListReportGroups(t.Context(), &sdk.ListReportGroupsInput{})
	check(t, err)
	group := "arn:aws:codebuild:eu-west-1:222222222222:report-group/app-unit"
	if len(groups.ReportGroups) != 1 || groups.ReportGroups[0] != group {
		t.Errorf("groups %v", groups.ReportGroups)
	}
	described, err := w.BatchGetReportGroups(t.Context(), &sdk.BatchGetReportGroupsInput{ReportGroupArns: []string{group, group + "s"}})
	check(t, err)
	if len(described.ReportGroups) != 1 || *described.ReportGroups[0].Name != "app-unit" || len(described.ReportGroupsNotFound) != 1 {
		t.Errorf("groups %v", described)
	}
	listed, err := w.ListReportsForReportGroup(t.Context(), &sdk.ListReportsForReportGroupInput{ReportGroupArn: &group})
	check(t, err)
	reports, err := w.BatchGetReports(t.Context(), &sdk.BatchGetReportsInput{ReportArns: listed.Reports})
	check(t, err)
	r := reports.Reports[0]
	if *r.Arn != b.ReportArns[0] || r.Status != types.ReportStatusTypeFailed || *r.TestSummary.Total != 4 || r.TestSummary.StatusCounts["SKIPPED"] != 1 {
		t.Errorf("report %s %s %v", *r.Arn, r.Status, r.TestSummary)
	}
	cases, err := w.DescribeTestCases(t.Context(), &sdk.DescribeTestCasesInput{ReportArn: r.Arn})
	check(t, err)
	var got []string
	for _, c := range cases.TestCases {
		got = append(got, *c.TestSuiteName+" "+*c.Prefix+" "+*c.Name+" "+*c.Status+" "+*c.Message)
	}
	if got := strings.Join(got, "\n"); got != "unit pkg one SUCCEEDED \nunit pkg two FAILED expected 1\nunit pkg three SKIPPED \nunit pkg four ERROR boom" {
		t.Errorf("cases:\n%s", got)
	}
	failed, err := w.DescribeTestCases(t.Context(), &sdk.DescribeTestCasesInput{ReportArn: r.Arn, Filter: &types.TestCaseFilter{Status: aws.String("FAILED")}})
	check(t, err)
	if len(failed.TestCases) != 1 {
		t.Errorf("failed: %v", failed.TestCases)
	}
}

// TestReportFails misses files, or permissions.
func TestReportFails(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "junit.xml", junit)
	w.create()
	spec := func(pattern string) string {
		return "version: 0.2\nphases: {build: {commands: ['true']}}\nreports:\n  unit: {files: ['" + pattern + "']}\n"
	}
	for _, test := range []struct{ actions, spec, want string }{
		{`"*"`, spec("none/*.xml"), "[unit: [no matching report paths found]]"},
		{`"logs:*"`, spec("*.xml"), "[unit: [error creating report group: AccessDeniedException: User: arn:aws:sts::222222222222:assumed-role/builder/AWSCodeBuild-"},
		{`"logs:*","codebuild:CreateReportGroup","codebuild:CreateReport"`, spec("*.xml"), "[unit: [error creating report: AccessDeniedException: "},
	} {
		w.allow(test.actions)
		b := w.runs(test.spec)
		if b.BuildStatus != "FAILED" || !strings.Contains(fault(b), "CLIENT_ERROR: Error in UPLOAD_ARTIFACTS phase: "+test.want) {
			t.Errorf("%s: %s %s", test.actions, b.BuildStatus, fault(b))
		}
	}
}

func needsCLI(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("SKIP: the aws CLI takes a second for each command, and -short is set")
	}
	if _, err := exec.LookPath("aws"); err != nil {
		t.Skip("SKIP: the aws CLI is not on the PATH")
	}
}
