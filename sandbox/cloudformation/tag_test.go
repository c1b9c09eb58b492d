package cloudformation_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	cfn "github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/google/go-cmp/cmp"

	"orgship/sandbox/ec2"
	"orgship/sandbox/iam"
	"orgship/sandbox/logs"
)

// TestStackTags gives a stack tags and changes them: its resources have them too.
func TestStackTags(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tags := func(pairs ...string) []types.Tag {
		var all []types.Tag
		for i := 0; i < len(pairs); i += 2 {
			all = append(all, types.Tag{Key: &pairs[i], Value: &pairs[i+1]})
		}
		return all
	}
	_, err := w.CreateStack(w.ctx, &cfn.CreateStackInput{
		StackName: aws.String("things"), TemplateBody: aws.String(things), Capabilities: capabilities, Tags: tags("Team", "a", "Old", "x"),
	})
	if err != nil {
		t.Fatal(err)
	}
	w.want(w.settled("things"), types.StackStatusCreateComplete)
	w.tagged(map[string]string{"Team": "a", "Old": "x"})
	_, err = w.UpdateStack(w.ctx, &cfn.UpdateStackInput{
		StackName: aws.String("things"), UsePreviousTemplate: aws.Bool(true), Capabilities: capabilities, Tags: tags("Team", "b", "New", "y"),
	})
	if err != nil {
		t.Fatal(err)
	}
	st := w.settled("things")
	w.want(st, types.StackStatusUpdateComplete)
	if len(st.Tags) != 2 {
		t.Errorf("the stack's tags: %+v", st.Tags)
	}
	w.tagged(map[string]string{"Team": "b", "New": "y"})
}

// tagged checks the tags of the resources of the stack things.
func (w *world) tagged(want map[string]string) {
	w.t.Helper()
	ids := w.ids("things")
	got := map[string]map[string]string{"group": {}, "role": {}}
	groups, err := w.ec2.DescribeSecurityGroups(w.ctx, &ec2.DescribeSecurityGroupsInput{GroupIds: []string{ids["Group"]}})
	if err != nil {
		w.t.Fatal(err)
	}
	for _, tag := range groups.SecurityGroups[0].Tags {
		got["group"][*tag.Key] = *tag.Value
	}
	role, err := w.iam.ListRoleTags(w.ctx, &iam.ListRoleTagsInput{RoleName: aws.String(ids["Role"])})
	if err != nil {
		w.t.Fatal(err)
	}
	for _, tag := range role.Tags {
		got["role"][*tag.Key] = *tag.Value
	}
	log, err := w.logs.ListTagsForResource(w.ctx, &logs.ListTagsForResourceInput{ResourceArn: aws.String("arn:aws:logs:" + region + ":" + accountID + ":log-group:" + ids["Log"])})
	if err != nil {
		w.t.Fatal(err)
	}
	got["log"] = log.Tags
	for what, tags := range got {
		if d := cmp.Diff(want, tags); d != "" {
			w.t.Errorf("tags of the %s: %s", what, d)
		}
	}
}
