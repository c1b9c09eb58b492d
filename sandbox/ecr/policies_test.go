package ecr_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsecr "github.com/aws/aws-sdk-go-v2/service/ecr"
)

const pullPolicy = `{"Version":"2012-10-17","Statement":[{"Sid":"pull","Effect":"Allow","Principal":"*","Action":["ecr:BatchGetImage"]}]}`

func TestRepositoryPolicy(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.create("app")
	get := func() (*awsecr.GetRepositoryPolicyOutput, error) {
		return w.GetRepositoryPolicy(as(owner), &awsecr.GetRepositoryPolicyInput{RepositoryName: app})
	}
	_, err := get()
	wantError(t, err, "RepositoryPolicyNotFoundException", "Repository policy does not exist for the repository with name 'app' in the registry with id '111111111111'")
	if _, err := w.SetRepositoryPolicy(as(owner), &awsecr.SetRepositoryPolicyInput{RepositoryName: app, PolicyText: aws.String(pullPolicy)}); err != nil {
		t.Fatal(err)
	}
	if out, err := get(); err != nil || *out.PolicyText != pullPolicy {
		t.Errorf("got %+v, %v", out, err)
	}
	w.guard.actions()
	if _, err := w.DescribeImages(as(dev), &awsecr.DescribeImagesInput{RepositoryName: app, RegistryId: aws.String(owner)}); err != nil {
		t.Fatal(err)
	}
	want := question{"arn:aws:iam::222222222222:user/admin", "ecr:DescribeImages", "arn:aws:ecr:eu-west-1:111111111111:repository/app", pullPolicy}
	if len(w.guard.asked) != 1 || w.guard.asked[0] != want {
		t.Errorf("a call of another account was asked as %+v", w.guard.asked)
	}
	if _, err := w.DeleteRepositoryPolicy(as(owner), &awsecr.DeleteRepositoryPolicyInput{RepositoryName: app}); err != nil {
		t.Fatal(err)
	}
	_, err = get()
	wantError(t, err, "RepositoryPolicyNotFoundException", "")
}

func TestSetRepositoryPolicyRefuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.create("app")
	set := func(text string, force bool) error {
		_, err := w.SetRepositoryPolicy(as(owner), &awsecr.SetRepositoryPolicyInput{RepositoryName: app, PolicyText: &text, Force: force})
		return err
	}
	const refusal = "Invalid parameter at 'PolicyText' failed to satisfy constraint: 'Invalid repository policy provided'"
	for name, text := range map[string]string{
		"empty":        "",
		"not JSON":     "policy",
		"no statement": `{"Version":"2012-10-17"}`,
		"no principal": strings.Replace(pullPolicy, `"Principal":"*",`, "", 1),
		"effect":       strings.Replace(pullPolicy, "Allow", "Maybe", 1),
		"operator":     strings.Replace(pullPolicy, `"Principal"`, `"Condition":{"StringSeems":{"aws:username":"x"}},"Principal"`, 1),
	} {
		t.Run(name, func(t *testing.T) { wantError(t, set(text, true), "InvalidParameterException", refusal) })
	}
	naming := func(user string) string {
		return strings.Replace(pullPolicy, `"*"`, `{"AWS":"arn:aws:iam::222222222222:user/`+user+`"}`, 1)
	}
	wantError(t, set(naming("nobody"), true), "InvalidParameterException",
		"Invalid parameter at 'PolicyText' failed to satisfy constraint: 'Principal not found' (arn:aws:iam::222222222222:user/nobody)")
	if err := set(naming("admin"), true); err != nil {
		t.Errorf("with a user that is there: %v", err)
	}
	wantError(t, set(pullPolicy+strings.Repeat(" ", 10241), true), "InvalidParameterException", "10240")

	deny := strings.NewReplacer("Allow", "Deny", "BatchGetImage", "SetRepositoryPolicy").Replace(pullPolicy)
	w.guard.refuse = deny
	wantError(t, set(deny, false), "InvalidParameterException", "use force")
	if err := set(deny, true); err != nil {
		t.Errorf("with force: %v", err)
	}
}

func TestLifecyclePolicy(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.create("app")
	rule := func(selection string) string {
		return `{"rules":[{"rulePriority":1,"description":"d","selection":{` + selection + `},"action":{"type":"expire"}}]}`
	}
	untagged := `"tagStatus":"untagged","countType":"sinceImagePushed","countUnit":"days","countNumber":14`
	any := `"tagStatus":"any","countType":"imageCountMoreThan","countNumber":5`
	two := func(a, b int) string {
		const r = `{"rulePriority":%d,"selection":{%s},"action":{"type":"expire"}}`
		return fmt.Sprintf(`{"rules":[`+r+","+r+"]}", a, any, b, untagged)
	}
	tests := map[string]struct{ text, want string }{ // want "": accepted
		"untagged":         {rule(untagged), ""},
		"prefix":           {rule(`"tagStatus":"tagged","tagPrefixList":["v"],"countType":"imageCountMoreThan","countNumber":5`), ""},
		"pattern":          {rule(`"tagStatus":"tagged","tagPatternList":["v*"],"countType":"imageCountMoreThan","countNumber":5`), ""},
		"any last":         {two(2, 1), ""},
		"any first":        {two(1, 2), "highest rulePriority"},
		"same priority":    {two(1, 1), "used twice"},
		"not JSON":         {`rules`, "Could not map policyString into LifecyclePolicy."},
		"unknown property": {strings.Replace(rule(untagged), "description", "note", 1), "Could not map"},
		"no rules":         {`{"rules":[]}`, "1 to 50 rules"},
		"no priority":      {strings.Replace(rule(untagged), `"rulePriority":1,`, "", 1), "rulePriority"},
		"no prefix":        {rule(`"tagStatus":"tagged","countType":"imageCountMoreThan","countNumber":5`), "tagPrefixList"},
		"prefix of any":    {rule(any + `,"tagPrefixList":["v"]`), "neither"},
		"tag status":       {rule(`"tagStatus":"some","countType":"imageCountMoreThan","countNumber":5`), "some"},
		"count type":       {rule(`"tagStatus":"any","countType":"often","countNumber":5`), "often"},
		"count unit":       {rule(`"tagStatus":"any","countType":"sinceImagePushed","countUnit":"hours","countNumber":5`), "hours"},
		"unit of a count":  {rule(any + `,"countUnit":"days"`), "no countUnit"},
		"count number":     {rule(`"tagStatus":"any","countType":"imageCountMoreThan","countNumber":0`), "countNumber"},
		"wildcards":        {rule(`"tagStatus":"tagged","tagPatternList":["*a*b*c*d*"],"countType":"imageCountMoreThan","countNumber":5`), "four wildcards"},
		"action":           {strings.Replace(rule(untagged), "expire", "burn", 1), "burn"},
		"too long":         {strings.Repeat(" ", 30721), "30720"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := w.PutLifecyclePolicy(as(owner), &awsecr.PutLifecyclePolicyInput{RepositoryName: app, LifecyclePolicyText: &test.text})
			if test.want != "" {
				wantError(t, err, "InvalidParameterException", test.want)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			out, err := w.GetLifecyclePolicy(as(owner), &awsecr.GetLifecyclePolicyInput{RepositoryName: app})
			if err != nil || *out.LifecyclePolicyText != test.text {
				t.Errorf("got %+v, %v", out, err)
			}
		})
	}
	archive := strings.Replace(rule(untagged), "expire", "transition", 1)
	_, err := w.PutLifecyclePolicy(as(owner), &awsecr.PutLifecyclePolicyInput{RepositoryName: app, LifecyclePolicyText: &archive})
	wantError(t, err, "NotModelled", "archive storage class")
	if _, err := w.DeleteLifecyclePolicy(as(owner), &awsecr.DeleteLifecyclePolicyInput{RepositoryName: app}); err != nil {
		t.Fatal(err)
	}
	_, err = w.GetLifecyclePolicy(as(owner), &awsecr.GetLifecyclePolicyInput{RepositoryName: app})
	wantError(t, err, "LifecyclePolicyNotFoundException", "Lifecycle policy does not exist for the repository with name 'app'")
}
