package resource

import (
	"cmp"
	"context"
	"errors"
	"runtime"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"

	"orgship/sandbox/wire"
	"orgship/template"
)

// taskDefinition is AWS::ECS::TaskDefinition. What ECS on the sandbox doesn't
// run it refuses by itself; here are the properties that can't even be passed on.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ecs-taskdefinition.html
func taskDefinition(room Containers) *Type {
	return &Type{
		Name: "AWS::ECS::TaskDefinition",
		Properties: Object{
			"ContainerDefinitions": objects(containerDefinition()).replace(),
			"Cpu":                  text().replace(), "Memory": text().replace(), "Family": text().replace(),
			"ExecutionRoleArn": text().replace(), "TaskRoleArn": text().replace(),
			"NetworkMode":             oneOf("awsvpc", "bridge", "host", "none").replace(),
			"RequiresCompatibilities": texts().replace(),
			"RuntimePlatform":         object(Object{"CpuArchitecture": text().models(architecture()), "OperatingSystemFamily": text().models("LINUX")}).replace(),
			"Tags":                    looseTagList(),
			"EphemeralStorage":        object(Object{"SizeInGiB": integer()}).replace(),
			"Volumes": objects(Object{"Name": text(), "Host": object(Object{"SourcePath": text()})}.
				lacking("ConfiguredAtLaunch", "DockerVolumeConfiguration", "EFSVolumeConfiguration", "FSxWindowsFileServerVolumeConfiguration", "S3FilesVolumeConfiguration")).replace(),
		}.lacking("EnableFaultInjection", "InferenceAccelerators", "IpcMode", "PidMode", "PlacementConstraints", "ProxyConfiguration"),
		Attributes: []string{"TaskDefinitionArn"},
		Handler:    taskDefinitions{room},
		Tagged:     true,
		lacks: func(properties *template.Node, gap func(at *template.Node, format string, args ...any)) {
			lacksFargate(properties, gap)
			lacksOfContainers(room, properties.Get("ContainerDefinitions"), gap)
		},
	}
}

// lacksFargate finds task definitions that only run elsewhere.
func lacksFargate(properties *template.Node, gap func(at *template.Node, format string, args ...any)) {
	requires := properties.Get("RequiresCompatibilities")
	if requires.Is(template.Function) {
		return
	}
	if !requires.Is(template.List) || !slices.ContainsFunc(requires.Items, func(n *template.Node) bool { return n.Is(template.Function) || n.Str() == "FARGATE" }) {
		gap(cmp.Or(requires, properties), "task definitions that do not require FARGATE")
	}
}

func containerDefinition() Object {
	pair := Object{"Name": text(), "Value": text()}
	return Object{
		"Name": text().need(), "Image": text().need(), "Command": texts(), "EntryPoint": texts(), "Environment": objects(pair),
		"Essential": boolean(), "Cpu": integer(), "Memory": integer(), "MemoryReservation": integer(), "User": text(),
		"WorkingDirectory": text(), "Hostname": text(), "DockerLabels": mapOf(text()), "ReadonlyRootFilesystem": boolean(),
		"StartTimeout": integer(), "StopTimeout": integer(), "Privileged": boolean(), "Interactive": boolean().models("false"), "PseudoTerminal": boolean().models("false"),
		"PortMappings": objects(Object{
			"ContainerPort": integer(), "HostPort": integer(), "Protocol": oneOf("tcp", "udp").models("tcp"), "Name": text(),
			"AppProtocol": oneOf("http", "http2", "grpc"),
		}.lacking("ContainerPortRange")),
		"LogConfiguration": object(Object{"LogDriver": text().need().models("awslogs"), "Options": mapOf(text())}.lacking("SecretOptions")),
		"HealthCheck": object(Object{
			"Command": texts(), "Interval": integer(), "Retries": integer(), "StartPeriod": integer(), "Timeout": integer(),
		}),
		"VersionConsistency": oneOf("enabled", "disabled"),
		"DependsOn":          objects(Object{"ContainerName": text(), "Condition": text()}),
		"MountPoints":        objects(Object{"ContainerPath": text(), "ReadOnly": boolean(), "SourceVolume": text()}),
		"Secrets":            objects(Object{"Name": text().need(), "ValueFrom": text().need()}),
	}.lacking("CredentialSpecs", "DisableNetworking", "DnsSearchDomains", "DnsServers", "DockerSecurityOptions",
		"EnvironmentFiles", "ExtraHosts", "FirelensConfiguration", "Links", "LinuxParameters", "RepositoryCredentials",
		"ResourceRequirements", "RestartPolicy", "SystemControls", "Ulimits", "VolumesFrom")
}

// lacksOfContainers finds images that nobody has, and options of the log driver.
func lacksOfContainers(room Containers, list *template.Node, gap func(at *template.Node, format string, args ...any)) {
	if !list.Is(template.List) {
		return
	}
	for _, c := range list.Items {
		if image := c.Get("Image"); room != nil && image.Is(template.Scalar) {
			var refused *wire.Error
			if err := room.CheckImage(image.Text); errors.As(err, &refused) && refused.Code == wire.NotModelled("").Code {
				gap(image, "%s", strings.TrimPrefix(refused.Message, wire.NotModelled("").Message))
			}
		}
		options := c.Find("LogConfiguration", "Options")
		if c.Find("LogConfiguration", "LogDriver").Str() != "awslogs" || !options.Is(template.Map) {
			continue
		}
		for _, o := range options.Entries {
			if !slices.Contains([]string{"awslogs-group", "awslogs-region", "awslogs-stream-prefix", "awslogs-create-group", "mode", "max-buffer-size"}, o.Key) {
				gap(o.Value, "the option %s of the log driver awslogs", o.Key)
			}
		}
	}
}

// architecture is that of this machine, as task definitions name it.
func architecture() string {
	if runtime.GOARCH == "arm64" {
		return "ARM64"
	}
	return "X86_64"
}

type taskDefinitions struct{ room Containers }

func (h taskDefinitions) Create(ctx context.Context, r *Request) error {
	in := &ecs.RegisterTaskDefinitionInput{}
	if err := fill(in, without(r.Properties, "Tags")); err != nil {
		return err
	}
	in.Family, in.Tags = aws.String(r.given("Family", 255)), containerTags(r.tags())
	out, err := h.room.RegisterTaskDefinition(ctx, in)
	if err != nil {
		return err
	}
	r.ID = aws.ToString(out.TaskDefinition.TaskDefinitionArn)
	r.Initiated(State{ID: r.ID, Attributes: map[string]string{"TaskDefinitionArn": r.ID}})
	return nil
}

func (h taskDefinitions) Update(ctx context.Context, r *Request) error {
	return retagContainers(ctx, h.room, r, r.ID)
}

func (h taskDefinitions) Delete(ctx context.Context, r *Request) error {
	_, err := h.room.DeregisterTaskDefinition(ctx, &ecs.DeregisterTaskDefinitionInput{TaskDefinition: &r.ID})
	return gone(err)
}
