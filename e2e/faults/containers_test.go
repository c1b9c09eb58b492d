package faults

import (
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"orgship/pipeline/report"
)

// canary is a secret's value.
const canary = "canary-5f0c"

// several makes a service of several containers of the stranger's: one that prepares a
// volume and ends, the app with secrets and a health check, and one beside it that waits
// for its health.
var several = strings.NewReplacer(`
      ContainerDefinitions: [{Name: counter, Image: !Ref Version, Essential: true, PortMappings: [{ContainerPort: 8080}]}]
`, `
      EphemeralStorage: {SizeInGiB: 30}
      Volumes: [{Name: work}]
      ContainerDefinitions:
        - Name: agent
          Image: HELPER
          Essential: false
          Environment: [{Name: IDLES, Value: "1"}]
          DependsOn: [{ContainerName: counter, Condition: HEALTHY}]
        - Name: counter
          Image: !Ref Version
          Essential: true
          PortMappings: [{ContainerPort: 8080}]
          DependsOn: [{ContainerName: setup, Condition: SUCCESS}]
          Environment: [{Name: READS, Value: /shop/note}]
          MountPoints: [{SourceVolume: work, ContainerPath: /shop, ReadOnly: true}]
          Secrets: [{Name: TOKEN, ValueFrom: !Sub "${Safe}:key::"}, {Name: SETTING, ValueFrom: !Ref Setting}]
          HealthCheck: {Command: [CMD, /app, check], Interval: 5, Retries: 2}
        - Name: setup
          Image: HELPER
          Essential: false
          Environment: [{Name: WRITES, Value: /made/note}]
          MountPoints: [{SourceVolume: work, ContainerPath: /made}]
`, `
      ManagedPolicyArns: ["arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"]
`, `
      ManagedPolicyArns: ["arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"]
      Policies:
        - PolicyName: read
          PolicyDocument: {Statement: [{Effect: Allow, Action: ["secretsmanager:GetSecretValue", "ssm:GetParameters"], Resource: "*"}]}
  Safe: {Type: AWS::SecretsManager::Secret, Properties: {SecretString: '{"key": "`+canary+`"}'}}
  Setting: {Type: AWS::SSM::Parameter, Properties: {Type: String, Value: small}}
`)

// TestContainers releases a service whose tasks have several containers.
func TestContainers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "one", "two", "sick")
	d := &desk{w: w, t: t, account: "dev-1"}
	d.makeShopOf(func(in *cloudformation.CreateStackInput) {
		in.TemplateBody = aws.String(strings.ReplaceAll(several.Replace(*in.TemplateBody), "HELPER", w.repo+":one"))
	})
	d.says = "one note written (<nil>) token " + canary
	const release = "release shop --account dev-1 REPO:"
	proved := "^Now serving: .*\n.*by AWS's records"
	for _, s := range []situation{
		{name: "a good version", args: release + "two --expect-body two", verdict: report.Successful, outcome: report.Released, line: proved, serves: "two note written (<nil>) token " + canary},
		{name: "it is never healthy", args: release + "sick", status: 1, verdict: report.Failed, outcome: report.RolledBack, line: "none lost"},
		{name: "back", args: "rollback shop --account dev-1", verdict: report.Successful, outcome: report.Released, line: proved, serves: "one note written (<nil>) token " + canary},
	} {
		t.Run(s.name, func(t *testing.T) { d.on(t).play(s) })
	}
	d.on(t)
	api := ecs.NewFromConfig(d.config())
	clusters, err := api.ListClusters(t.Context(), &ecs.ListClustersInput{})
	if err != nil || len(clusters.ClusterArns) != 1 {
		t.Fatalf("clusters: %+v, error %v", clusters, err)
	}
	list, err := api.ListTasks(t.Context(), &ecs.ListTasksInput{Cluster: &clusters.ClusterArns[0]})
	if err != nil {
		t.Fatal(err)
	}
	out, err := api.DescribeTasks(t.Context(), &ecs.DescribeTasksInput{Cluster: &clusters.ClusterArns[0], Tasks: list.TaskArns})
	if err != nil || len(out.Tasks) == 0 {
		t.Fatalf("tasks: %+v, error %v", out, err)
	}
	seen := ""
	for _, c := range out.Tasks[0].Containers {
		seen += aws.ToString(c.Name) + " " + aws.ToString(c.LastStatus) + " " + string(c.HealthStatus) + ", "
	}
	if want := "agent RUNNING UNKNOWN, counter RUNNING HEALTHY, setup STOPPED UNKNOWN, "; seen != want || out.Tasks[0].HealthStatus != types.HealthStatusHealthy {
		t.Errorf("containers %q of a task that is %s, want %q", seen, out.Tasks[0].HealthStatus, want)
	}
	definition, err := api.DescribeTaskDefinition(t.Context(), &ecs.DescribeTaskDefinitionInput{TaskDefinition: out.Tasks[0].TaskDefinitionArn})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range definition.TaskDefinition.ContainerDefinitions {
		for _, secret := range c.Secrets {
			if regexp.MustCompile(canary).MatchString(aws.ToString(secret.ValueFrom)) {
				t.Error("a task definition shows a secret")
			}
		}
	}
}
