package ecs_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"

	"orgship/sandbox/wire"
)

// keys knows one access key, that of the world's administrator.
type keys struct{ caller context.Context }

func (k keys) Secret(_ context.Context, id, _ string) (string, context.Context, error) {
	if id != "AKIATEST" {
		return "", nil, wire.Errorf("UnrecognizedClientException", "The security token included in the request is invalid.")
	}
	return "secret", k.caller, nil
}

// cli runs the aws command against the world, and returns what it prints.
func (w *world) cli(url string, line string) (string, error) {
	cmd := exec.Command("aws", append([]string{"ecs"}, strings.Fields(line)...)...)
	cmd.Env = append(os.Environ(), "AWS_ENDPOINT_URL="+url, "AWS_ACCESS_KEY_ID=AKIATEST", "AWS_SECRET_ACCESS_KEY=secret", "AWS_SESSION_TOKEN=",
		"AWS_REGION="+region, "AWS_DEFAULT_REGION="+region, "AWS_MAX_ATTEMPTS=1", "AWS_PAGER=", "AWS_DEFAULT_OUTPUT=json",
		"AWS_CONFIG_FILE="+os.DevNull, "AWS_SHARED_CREDENTIALS_FILE="+os.DevNull)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// TestAWSCLI performs every operation with the aws command, in the order of a
// service's life.
func TestAWSCLI(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("SKIP: two dozen runs of the aws CLI take their time")
	}
	if _, err := exec.LookPath("aws"); err != nil {
		t.Skip("SKIP: the aws CLI is not on the PATH")
	}
	w := newWorld(t)
	h, err := wire.New(wire.Config{Region: region, Keys: keys{w.ctx}}, w.Wire())
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(h)
	defer server.Close()

	set := "" // the task set's id, once there is one
	at := func() string { return "--cluster web --service app --task-set " + set }
	container := `[{"name":"app","image":"` + registry + `app:1","portMappings":[{"containerPort":80}]}]`
	network := `{"awsvpcConfiguration":{"subnets":["` + w.vpc.SubnetIDs[0] + `"],"assignPublicIp":"ENABLED"}}`
	balancer := `[{"targetGroupArn":"` + blueTG + `","containerName":"app","containerPort":80}]`
	cluster := "arn:aws:ecs:eu-west-1:222222222222:cluster/web"
	for _, step := range []struct {
		command func() string
		query   string // of what it prints
		want    string // JSON, without white space
	}{
		{says("create-cluster --cluster-name web --tags key=a,value=b"), "cluster.[clusterName,status]", `["web","ACTIVE"]`},
		{says("list-clusters"), "clusterArns", `["` + cluster + `"]`},
		{says("describe-clusters --clusters web nope --include TAGS"), "[clusters[0].tags[0].value,failures[0].reason]", `["b","MISSING"]`},
		{says("tag-resource --resource-arn " + cluster + " --tags key=c,value=d"), "", ""},
		{says("untag-resource --resource-arn " + cluster + " --tag-keys a"), "", ""},
		{says("list-tags-for-resource --resource-arn " + cluster), "tags", `[{"key":"c","value":"d"}]`},
		{says("register-task-definition --family web --requires-compatibilities FARGATE --network-mode awsvpc --cpu 256 --memory 512 --execution-role-arn " + role + " --container-definitions " + container),
			"taskDefinition.[revision,containerDefinitions[0].portMappings[0].hostPort]", `[1,80]`},
		{says("list-task-definitions --family-prefix web"), "taskDefinitionArns", `["arn:aws:ecs:eu-west-1:222222222222:task-definition/web:1"]`},
		{says("list-task-definition-families --status ACTIVE"), "families", `["web"]`},
		{says("describe-task-definition --task-definition web"), "taskDefinition.[status,networkMode,cpu]", `["ACTIVE","awsvpc","256"]`},
		{says("create-service --cluster web --service-name app --desired-count 1 --deployment-controller type=EXTERNAL --scheduling-strategy REPLICA"),
			"service.[status,desiredCount,deploymentController.type]", `["ACTIVE",1,"EXTERNAL"]`},
		{says("list-services --cluster web"), "serviceArns", `["arn:aws:ecs:eu-west-1:222222222222:service/web/app"]`},
		{says("create-task-set --cluster web --service app --task-definition web --launch-type FARGATE --scale unit=PERCENT,value=100 --network-configuration " + network + " --load-balancers " + balancer),
			"taskSet.[status,computedDesiredCount,scale.value]", `["ACTIVE",1,100]`},
		{func() string {
			return "update-service-primary-task-set --cluster web --service app --primary-task-set " + set
		}, "taskSet.status", `"PRIMARY"`},
		{func() string { return "describe-task-sets --cluster web --service app --task-sets " + set }, "taskSets[0].[stabilityStatus,runningCount]", `["STEADY_STATE",1]`},
		{says("describe-services --cluster web --services app nope"), "[services[0].[runningCount,taskSets[0].status],failures[0].reason]", `[[1,"PRIMARY"],"MISSING"]`},
		{says("list-tasks --cluster web --service-name app --family web"), "length(taskArns)", `1`},
		{func() string { return "describe-tasks --cluster web --tasks " + w.onlyTask() }, "tasks[0].[lastStatus,containers[0].name]", `["RUNNING","app"]`},
		{func() string { return "stop-task --cluster web --reason bye --task " + w.onlyTask() }, "task.[desiredStatus,stoppedReason]", `["STOPPED","bye"]`},
		{says("update-service --cluster web --service app --desired-count 0"), "service.desiredCount", `0`},
		{func() string { return "update-task-set --scale unit=PERCENT,value=50 " + at() }, "taskSet.scale.value", `50`},
		{func() string { return "delete-task-set --force " + at() }, "taskSet.status", `"DRAINING"`},
		{says("delete-service --cluster web --service app --force"), "service.serviceName", `"app"`},
		{says("deregister-task-definition --task-definition web:1"), "taskDefinition.status", `"INACTIVE"`},
	} {
		line := step.command()
		if step.query != "" {
			line += " --query " + step.query
		}
		out, err := w.cli(server.URL, line)
		if err != nil {
			t.Fatalf("aws ecs %s: %v\n%s", line, err, out)
		}
		if got := compact(t, out); got != step.want {
			t.Errorf("aws ecs %s:\n%s\nwant %s", line, got, step.want)
		}
		if strings.HasPrefix(line, "create-task-set") {
			set = *w.describeService().TaskSets[0].Id
			w.steady(set)
		}
	}
	w.eventually("the service is inactive", func() bool { return *w.describeService().Status == "INACTIVE" })
	if out, err := w.cli(server.URL, "delete-cluster --cluster web --query cluster.status"); err != nil || compact(t, out) != `"INACTIVE"` {
		t.Errorf("delete-cluster: %v %s", err, out)
	}
	out, err := w.cli(server.URL, "describe-services --cluster web --services app")
	if err == nil || !strings.Contains(out, "An error occurred (ClusterNotFoundException) when calling the DescribeServices operation: Cluster not found.") {
		t.Errorf("%v: %s", err, out)
	}
}

func says(line string) func() string { return func() string { return line } }

// onlyTask waits for the service's one task to run and returns its ARN.
func (w *world) onlyTask() string {
	w.t.Helper()
	w.eventually("one task runs", func() bool { r := w.tasks("RUNNING"); return len(r) == 1 && *r[0].LastStatus == "RUNNING" })
	return *w.tasks("RUNNING")[0].TaskArn
}

func compact(t *testing.T, text string) string {
	t.Helper()
	if strings.TrimSpace(text) == "" {
		return ""
	}
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("no JSON: %v\n%s", err, text)
	}
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(string(b))
}
