package ecs_test

import (
	"context"
	goruntime "runtime"
	"slices"
	"testing"

	awsecs "github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/google/go-cmp/cmp"

	"orgship/sandbox/iam"
)

func TestRegisterTaskDefinition(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.definition()
	if *first.TaskDefinitionArn != "arn:aws:ecs:eu-west-1:222222222222:task-definition/web:1" || first.Revision != 1 || first.Status != "ACTIVE" {
		t.Errorf("registered %s, revision %d, %s", *first.TaskDefinitionArn, first.Revision, first.Status)
	}
	if m := first.ContainerDefinitions[0].PortMappings[0]; *m.HostPort != 80 || m.Protocol != "tcp" {
		t.Errorf("port mapping %+v", m)
	}
	second := w.definition()
	if second.Revision != 2 {
		t.Errorf("revision %d, want 2", second.Revision)
	}
	for ref, want := range map[string]int32{"web": 2, "web:1": 1, *second.TaskDefinitionArn: 2} {
		out, err := w.DescribeTaskDefinition(w.ctx, &awsecs.DescribeTaskDefinitionInput{TaskDefinition: &ref})
		if err != nil || out.TaskDefinition.Revision != want {
			t.Errorf("%s: %v", ref, err)
		}
	}
	if !slices.Contains(w.auth.asked, "iam:PassRole "+role+" iam:PassedToService[ecs-tasks.amazonaws.com]") {
		t.Errorf("nobody asked whether the role may be passed: %q", w.auth.asked)
	}
}

func TestDeregisterTaskDefinition(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for range 11 {
		w.definition()
	}
	out, err := w.DeregisterTaskDefinition(w.ctx, &awsecs.DeregisterTaskDefinitionInput{TaskDefinition: new("web:11")})
	if err != nil || out.TaskDefinition.Status != types.TaskDefinitionStatusInactive {
		t.Fatalf("%v", err)
	}
	latest, err := w.DescribeTaskDefinition(w.ctx, &awsecs.DescribeTaskDefinitionInput{TaskDefinition: new("web")})
	if err != nil || latest.TaskDefinition.Revision != 10 {
		t.Errorf("%v", err)
	}
	var got []string
	for token := (*string)(nil); ; {
		list, err := w.ListTaskDefinitions(w.ctx, &awsecs.ListTaskDefinitionsInput{FamilyPrefix: new("web"), Sort: types.SortOrderDesc, MaxResults: new(int32(4)), NextToken: token})
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, list.TaskDefinitionArns...)
		if token = list.NextToken; token == nil {
			break
		}
	}
	var want []string
	for _, n := range []string{"10", "9", "8", "7", "6", "5", "4", "3", "2", "1"} {
		want = append(want, "arn:aws:ecs:eu-west-1:222222222222:task-definition/web:"+n)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	_, err = w.DeregisterTaskDefinition(w.ctx, &awsecs.DeregisterTaskDefinitionInput{TaskDefinition: new("web")})
	wantError(t, err, "InvalidParameterException", "revision")
	_, err = w.DescribeTaskDefinition(w.ctx, &awsecs.DescribeTaskDefinitionInput{TaskDefinition: new("web:12")})
	wantError(t, err, "ClientException", "Unable to describe task definition.")
	elsewhere := iam.WithPrincipal(context.Background(), iam.Principal{Account: other, ARN: "x"})
	_, err = w.DescribeTaskDefinition(elsewhere, &awsecs.DescribeTaskDefinitionInput{TaskDefinition: new("arn:aws:ecs:eu-west-1:222222222222:task-definition/web:1")})
	wantError(t, err, "ClientException", "Unable to describe task definition.")
}

func TestRefusedTaskDefinitions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	foreign := types.CPUArchitectureArm64
	if goruntime.GOARCH == "arm64" {
		foreign = types.CPUArchitectureX8664
	}
	type in = awsecs.RegisterTaskDefinitionInput
	container := func(change func(*types.ContainerDefinition)) func(*in) {
		return func(i *in) { change(&i.ContainerDefinitions[0]) }
	}
	beside := func(change func(*types.ContainerDefinition)) func(*in) {
		return func(i *in) {
			second := i.ContainerDefinitions[0]
			change(&second)
			i.ContainerDefinitions = append(i.ContainerDefinitions, second)
		}
	}
	depends := func(on string, condition types.ContainerCondition) func(*types.ContainerDefinition) {
		return func(c *types.ContainerDefinition) {
			c.Name, c.PortMappings = new("b"), nil
			c.DependsOn = []types.ContainerDependency{{ContainerName: &on, Condition: condition}}
		}
	}
	logging := func(driver types.LogDriver, options map[string]string) func(*in) {
		return container(func(c *types.ContainerDefinition) {
			c.LogConfiguration = &types.LogConfiguration{LogDriver: driver, Options: options}
		})
	}
	for name, c := range map[string]struct {
		change        func(*in)
		code, message string
	}{
		"family":          {func(i *in) { i.Family = new("a b") }, "ClientException", "Family contains invalid characters"},
		"EC2":             {func(i *in) { i.RequiresCompatibilities = nil }, "NotModelled", "do not require FARGATE"},
		"network mode":    {func(i *in) { i.NetworkMode = types.NetworkModeBridge }, "ClientException", "Fargate only supports network mode ‘awsvpc’."},
		"no cpu":          {func(i *in) { i.Cpu = nil }, "ClientException", "'cpu' be defined"},
		"no memory":       {func(i *in) { i.Memory = nil }, "ClientException", "'memory' be defined"},
		"a bad pair":      {func(i *in) { i.Memory = new("4096") }, "ClientException", "No Fargate configuration exists for given values: 256 CPU, 4096 memory."},
		"1.5 GB":          {func(i *in) { i.Memory = new("1.5 GB") }, "ClientException", "256 CPU, 1536 memory"},
		"no number":       {func(i *in) { i.Cpu = new("lots") }, "ClientException", "Invalid 'cpu' setting"},
		"another machine": {func(i *in) { i.RuntimePlatform = &types.RuntimePlatform{CpuArchitecture: foreign} }, "NotModelled", "cpuArchitecture"},
		"Windows": {func(i *in) {
			i.RuntimePlatform = &types.RuntimePlatform{OperatingSystemFamily: "WINDOWS_SERVER_2022_CORE"}
		}, "NotModelled", "WINDOWS"},
		"a host's volume": {func(i *in) {
			i.Volumes = []types.Volume{{Name: new("v"), Host: &types.HostVolumeProperties{SourcePath: new("/etc")}}}
		}, "ClientException", "sourcePath should not be set"},
		"a file system": {func(i *in) {
			i.Volumes = []types.Volume{{Name: new("v"), EfsVolumeConfiguration: &types.EFSVolumeConfiguration{FileSystemId: new("fs-1")}}}
		}, "NotModelled", "efsVolumeConfiguration of a volume"},
		"two volumes of a name": {func(i *in) { i.Volumes = []types.Volume{{Name: new("v")}, {Name: new("v")}} }, "ClientException", "Volume names must be unique"},
		"little storage":        {func(i *in) { i.EphemeralStorage = &types.EphemeralStorage{SizeInGiB: 20} }, "ClientException", "between 21 and 200"},
		"no such volume": {container(func(c *types.ContainerDefinition) {
			c.MountPoints = []types.MountPoint{{SourceVolume: new("v"), ContainerPath: new("/v")}}
		}), "ClientException", "Unknown volume 'v'."},
		"a port twice":           {beside(func(c *types.ContainerDefinition) { c.Name = new("b") }), "ClientException", "the same container port 80"},
		"depends on nobody":      {beside(depends("nobody", "START")), "ClientException", `depends on "nobody"`},
		"depends on itself":      {beside(depends("b", "START")), "ClientException", `depends on "b"`},
		"an essential one's end": {beside(depends("app", "COMPLETE")), "ClientException", "depends on app being COMPLETE, which is essential"},
		"health of the unknown":  {beside(depends("app", "HEALTHY")), "ClientException", "depends on app being HEALTHY, which has no health check"},
		"an unknown condition":   {beside(depends("app", "READY")), "InvalidParameterException", "READY"},
		"a circle": {func(i *in) {
			beside(depends("app", "START"))(i)
			i.ContainerDefinitions[0].DependsOn = []types.ContainerDependency{{ContainerName: new("b"), Condition: "START"}}
		}, "ClientException", "circle"},
		"no container":     {func(i *in) { i.ContainerDefinitions = nil }, "ClientException", "cannot be empty"},
		"two containers":   {func(i *in) { i.ContainerDefinitions = append(i.ContainerDefinitions, i.ContainerDefinitions[0]) }, "ClientException", "names must be unique"},
		"no image":         {container(func(c *types.ContainerDefinition) { c.Image = nil }), "ClientException", "image should not be null"},
		"another registry": {container(func(c *types.ContainerDefinition) { c.Image = new("nginx") }), "NotModelled", `pulling "nginx"`},
		"not essential":    {container(func(c *types.ContainerDefinition) { c.Essential = new(false) }), "ClientException", "essential"},
		"privileged":       {container(func(c *types.ContainerDefinition) { c.Privileged = new(true) }), "ClientException", "Privileged"},
		"secrets":          {container(func(c *types.ContainerDefinition) { c.Secrets = []types.Secret{{Name: new("x")}} }), "ClientException", "must not be empty"},
		"a secret and a variable": {container(func(c *types.ContainerDefinition) {
			c.Environment = []types.KeyValuePair{{Name: new("X"), Value: new("1")}}
			c.Secrets = []types.Secret{{Name: new("X"), ValueFrom: new("p")}}
		}), "ClientException", "such as 'X'"},
		"a check of nothing": {container(func(c *types.ContainerDefinition) { c.HealthCheck = &types.HealthCheck{Command: []string{"CMD"}} }), "ClientException", "must begin with CMD or CMD-SHELL"},
		"a check too often": {container(func(c *types.ContainerDefinition) {
			c.HealthCheck = &types.HealthCheck{Command: []string{"CMD", "x"}, Interval: new(int32(4))}
		}), "ClientException", "The interval of the health check of container app must be between 5 and 300."},
		"stop timeout":   {container(func(c *types.ContainerDefinition) { c.StopTimeout = new(int32(121)) }), "ClientException", "stopTimeout"},
		"host port":      {container(func(c *types.ContainerDefinition) { c.PortMappings[0].HostPort = new(int32(8080)) }), "ClientException", "must match"},
		"udp":            {container(func(c *types.ContainerDefinition) { c.PortMappings[0].Protocol = "udp" }), "NotModelled", "udp"},
		"no role":        {func(i *in) { i.ExecutionRoleArn = nil }, "ClientException", "execution role ARN to support ECR images"},
		"another driver": {logging(types.LogDriverSplunk, nil), "NotModelled", "log driver splunk"},
		"no log group":   {logging(types.LogDriverAwslogs, map[string]string{"awslogs-region": region, "awslogs-stream-prefix": "x"}), "ClientException", "awslogs-group"},
		"another region": {logging(types.LogDriverAwslogs, map[string]string{"awslogs-group": "g", "awslogs-region": "us-east-1", "awslogs-stream-prefix": "x"}),
			"NotModelled", "us-east-1"},
		"multi-line logs": {logging(types.LogDriverAwslogs, map[string]string{"awslogs-group": "g", "awslogs-region": region, "awslogs-stream-prefix": "x", "awslogs-multiline-pattern": "."}),
			"NotModelled", "awslogs-multiline-pattern"},
		"AWS's own tags": {func(i *in) { i.Tags = []types.Tag{{Key: new("aws:x")}} }, "InvalidParameterException", "aws:"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := w.RegisterTaskDefinition(w.ctx, definitionInput(c.change))
			wantError(t, err, c.code, c.message)
		})
	}
	t.Run("a role that may not be passed", func(t *testing.T) {
		w.auth.refuse("iam:PassRole")
		_, err := w.RegisterTaskDefinition(w.ctx, definitionInput())
		wantError(t, err, "AccessDenied", "iam:PassRole on resource: "+role)
	})
	if out, err := w.ListTaskDefinitionFamilies(w.ctx, &awsecs.ListTaskDefinitionFamiliesInput{}); err != nil || len(out.Families) > 0 {
		t.Errorf("a refusal left %v, %v", out, err)
	}
}

func TestAcceptedTaskDefinitions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for cpu, memory := range map[string]string{"256": "2048", ".25 vCPU": "0.5 GB", "1 vCPU": "8GB", "4096": "30720", "8192": "16384", "16384": "122880"} {
		w.definition(func(i *awsecs.RegisterTaskDefinitionInput) { i.Cpu, i.Memory = &cpu, &memory })
	}
	w.definition(func(i *awsecs.RegisterTaskDefinitionInput) {
		i.Volumes, i.ExecutionRoleArn, i.TaskRoleArn = []types.Volume{}, new("execution"), new("app")
		i.ContainerDefinitions[0].ReadonlyRootFilesystem = new(true)
	})
	if !slices.Contains(w.auth.asked, "iam:PassRole arn:aws:iam::222222222222:role/app iam:PassedToService[ecs-tasks.amazonaws.com]") {
		t.Errorf("asked %q", w.auth.asked)
	}
}
