package template_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"orgship/template"
)

func TestCompare(t *testing.T) {
	t.Parallel()
	good := string(read(t, "testdata/lint/good.yaml"))
	with := func(pairs ...string) string { return strings.NewReplacer(pairs...).Replace(good) }
	mapped := with("Transform:", "Mappings:\n  Size: {small: {Cpu: \"256\"}}\nConditions:\n  Big: !Equals [!FindInMap [Size, small, Cpu], \"1024\"]\n  Huge: !Not [!Condition Big]\nTransform:",
		"Family: app", "Family: !If [Huge, app, application]")
	tests := []struct {
		name          string
		before, after string
		want          template.Difference
	}{
		{"nothing", good, "# a comment\n" + strings.ReplaceAll(good, "[FARGATE]", "\n        - FARGATE"), template.Difference{Class: template.NothingToDo}},
		{"the image", good, with("1f0a35b2", "2f0a35b2"), template.Difference{Class: template.GreenDeployment, Resources: []template.ResourceChange{
			{ID: "BlueTaskDefinition", Type: "AWS::ECS::TaskDefinition", Action: template.Modified, Properties: []string{"ContainerDefinitions"}, StartsGreen: true, Line: 47},
		}}},
		{"size, and what may go with it", good, with(`"512"`, `"1024"`, "TaskSetId: !GetAtt BlueTaskSet.Id", "TaskSetId: !GetAtt BlueTaskSet.Id, Other: 1"), template.Difference{
			Class: template.GreenDeployment, Resources: []template.ResourceChange{
				{ID: "BlueTaskDefinition", Type: "AWS::ECS::TaskDefinition", Action: template.Modified, Properties: []string{"Memory"}, StartsGreen: true, Line: 47},
				{ID: "PrimaryTaskSet", Type: "AWS::ECS::PrimaryTaskSet", Action: template.Modified, Properties: []string{"Other"}, Line: 80},
			}}},
		{"the platform and a port", good, with("1.4.0", "LATEST", "Port: 80\n", "Port: 81\n"), template.Difference{Class: template.Mixed, Resources: []template.ResourceChange{
			{ID: "Listener", Type: "AWS::ElasticLoadBalancingV2::Listener", Action: template.Modified, Properties: []string{"Port"}, Line: 33},
			{ID: "BlueTaskSet", Type: "AWS::ECS::TaskSet", Action: template.Modified, Properties: []string{"PlatformVersion"}, StartsGreen: true, Line: 68},
		}}},
		{"the scale", good, with("Value: 100", "Value: 50"), template.Difference{Class: template.InfrastructureOnly, Resources: []template.ResourceChange{
			{ID: "BlueTaskSet", Type: "AWS::ECS::TaskSet", Action: template.Modified, Properties: []string{"Scale"}, Line: 68},
		}}},
		{"the image without transform and hook", good, with("1f0a35b2", "2f0a35b2", "Transform: [AWS::CodeDeployBlueGreen]", ""), template.Difference{
			Class: template.InfrastructureOnly, Sections: []string{"Transform"}, Resources: []template.ResourceChange{
				{ID: "BlueTaskDefinition", Type: "AWS::ECS::TaskDefinition", Action: template.Modified, Properties: []string{"ContainerDefinitions"}, Line: 47},
			}}},
		{"a resource more and one less", good, with("  Cluster:\n", "  Fleet:\n", "    DependsOn: Listener\n", ""), template.Difference{Class: template.InfrastructureOnly, Resources: []template.ResourceChange{
			{ID: "Fleet", Type: "AWS::ECS::Cluster", Action: template.Added, Line: 60},
			{ID: "BlueTaskSet", Type: "AWS::ECS::TaskSet", Action: template.Modified, Properties: []string{"DependsOn"}, Line: 68},
			{ID: "Cluster", Type: "AWS::ECS::Cluster", Action: template.Removed, Line: 60},
		}}},
		{"the routing", good, with("StepPercentage: 15", "StepPercentage: 20"), template.Difference{Class: template.NothingToDo, Sections: []string{"Hooks"}}},
		{"an output", good, with("  LoadBalancerDNSName:", "  Address:"), template.Difference{Class: template.InfrastructureOnly, Sections: []string{"Outputs"}}},
		{"through a mapping and conditions", mapped, strings.Replace(mapped, `{Cpu: "256"}`, `{Cpu: "512"}`, 1), template.Difference{
			Class: template.InfrastructureOnly, Sections: []string{"Mappings"}, Indirect: []string{"BlueTaskDefinition"},
		}},
	}
	for _, tt := range tests {
		got := template.Compare(parse(t, tt.before), parse(t, tt.after))
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
	created := template.Compare(nil, parse(t, good))
	if created.Class != template.Create || len(created.Resources) != 10 || created.Resources[0].Action != template.Added {
		t.Errorf("a new stack: %+v", created)
	}
}
