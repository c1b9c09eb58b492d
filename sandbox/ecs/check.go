package ecs

import (
	"reflect"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"orgship/sandbox/task"
	"orgship/sandbox/wire"
)

// check refuses a task definition that Fargate could not run, in its words
// where they are known, and one that the sandbox does not model, by name.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html
func (s *Service) check(in *ecs.RegisterTaskDefinitionInput) error {
	if !nameShape.MatchString(value(in.Family)) {
		return clientError("Family contains invalid characters: %q. It may contain letters, numbers, hyphens and underscores, up to 255.", value(in.Family))
	}
	if err := onlyModelledOf("a task definition", *in, "ContainerDefinitions", "Family", "Cpu", "ExecutionRoleArn", "Memory", "NetworkMode",
		"RequiresCompatibilities", "RuntimePlatform", "Tags", "TaskRoleArn", "Volumes", "EphemeralStorage"); err != nil {
		return err
	}
	if err := checkTags(in.Tags); err != nil {
		return err
	}
	if !slices.Contains(in.RequiresCompatibilities, types.CompatibilityFargate) {
		return wire.NotModelled("task definitions that do not require FARGATE")
	}
	if in.NetworkMode != types.NetworkModeAwsvpc {
		return clientError("Fargate only supports network mode ‘awsvpc’.")
	}
	if err := checkSize(in.Cpu, in.Memory); err != nil {
		return err
	}
	if err := checkPlatform(in.RuntimePlatform); err != nil {
		return err
	}
	if err := checkStorage(in); err != nil {
		return err
	}
	return s.checkContainers(in)
}

// onlyModelledOf refuses a set member that is not in the list. Empty lists and
// false count as not set.
func onlyModelledOf(of string, shape any, members ...string) error {
	v := reflect.ValueOf(shape)
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if !f.IsExported() || slices.Contains(members, f.Name) || isEmpty(v.Field(i)) {
			continue
		}
		return wire.NotModelled("%s%s of %s", strings.ToLower(f.Name[:1]), f.Name[1:], of)
	}
	return nil
}

func isEmpty(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Slice, reflect.Map:
		return v.Len() == 0
	case reflect.Pointer:
		return v.IsNil() || v.Elem().Kind() != reflect.Struct && v.Elem().IsZero()
	}
	return v.IsZero()
}

// sizes are the memory sizes that each number of CPU units goes with, in MiB:
// from, to, in steps of.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_definition_parameters.html#task_size
func sizes(cpu int) (from, to, step int) {
	switch cpu {
	case 256:
		return 512, 2048, 512
	case 512:
		return 1024, 4096, 1024
	case 1024:
		return 2048, 8192, 1024
	case 2048:
		return 4096, 16384, 1024
	case 4096:
		return 8192, 30720, 1024
	case 8192:
		return 16384, 61440, 4096
	case 16384:
		return 32768, 122880, 8192
	}
	return 0, 0, 0
}

func checkSize(cpu, memory *string) error {
	if value(cpu) == "" {
		return clientError("Fargate requires that 'cpu' be defined at the task level.")
	}
	if value(memory) == "" {
		return clientError("Fargate requires that 'memory' be defined at the task level.")
	}
	c, ok := amount(*cpu, "vcpu")
	if !ok {
		return clientError("Invalid 'cpu' setting for task.")
	}
	m, ok := amount(*memory, "gb")
	if !ok {
		return clientError("Invalid 'memory' setting for task.")
	}
	from, to, step := sizes(c)
	fits := from != 0 && m >= from && m <= to && (m-from)%step == 0
	if c == 256 && m == 1536 { // the smallest size has 0.5, 1 and 2 GB
		fits = false
	}
	if !fits {
		return clientError("No Fargate configuration exists for given values: %d CPU, %d memory. See the Amazon ECS documentation for the valid values.", c, m)
	}
	return nil
}

// amount reads "256", or "0.25 vCPU" or "1GB" as a multiple of 1024.
func amount(s, unit string) (int, bool) {
	number, ok := strings.CutSuffix(strings.ToLower(strings.TrimSpace(s)), unit)
	if !ok {
		n, err := strconv.Atoi(number)
		return n, err == nil
	}
	n, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	return int(n * 1024), err == nil
}

// checkPlatform refuses what this machine cannot run.
func checkPlatform(p *types.RuntimePlatform) error {
	if p == nil {
		return nil
	}
	if p.OperatingSystemFamily != "" && p.OperatingSystemFamily != types.OSFamilyLinux {
		return wire.NotModelled("operatingSystemFamily %s of a task definition", p.OperatingSystemFamily)
	}
	own := types.CPUArchitectureX8664
	if runtime.GOARCH == "arm64" {
		own = types.CPUArchitectureArm64
	}
	if p.CpuArchitecture != "" && p.CpuArchitecture != own {
		return wire.NotModelled("cpuArchitecture %s of a task definition: this machine is %s", p.CpuArchitecture, own)
	}
	return nil
}

var containerName = regexp.MustCompile(`^[a-zA-Z0-9_-]{1,255}$`)

func (s *Service) checkContainers(in *ecs.RegisterTaskDefinitionInput) error {
	if len(in.ContainerDefinitions) == 0 {
		return clientError("Container list cannot be empty.")
	}
	essential, names := false, map[string]bool{}
	for _, c := range in.ContainerDefinitions {
		if err := s.checkContainer(in, c); err != nil {
			return err
		}
		if names[*c.Name] {
			return clientError("Container names must be unique: %s is used more than once.", *c.Name)
		}
		names[*c.Name] = true
		essential = essential || c.Essential == nil || *c.Essential
	}
	if !essential {
		return clientError("TaskDefinition does not have any essential containers.")
	}
	if _, ok := s.cfg.Runtime.(task.Sharer); !ok && shares(in.ContainerDefinitions, in.Volumes) {
		return wire.NotModelled("several containers in a task, volumes and health checks of containers on this runtime of tasks")
	}
	if err := checkSharedPorts(in.ContainerDefinitions); err != nil {
		return err
	}
	return checkDependencies(in.ContainerDefinitions)
}

func (s *Service) checkContainer(in *ecs.RegisterTaskDefinitionInput, c types.ContainerDefinition) error {
	name := value(c.Name)
	switch {
	case !containerName.MatchString(name):
		return clientError("Container.name contains invalid characters.")
	case value(c.Image) == "":
		return clientError("Container.image should not be null or empty.")
	case value(c.Privileged):
		return clientError("Privileged container settings aren't supported by Fargate.")
	}
	if err := onlyModelledOf("a container definition", c, "Command", "Cpu", "DependsOn", "DockerLabels", "EntryPoint", "Environment", "Essential", "HealthCheck", "Image",
		"LogConfiguration", "Memory", "MemoryReservation", "MountPoints", "Name", "PortMappings", "ReadonlyRootFilesystem", "Secrets", "StartTimeout", "StopTimeout", "User",
		"VersionConsistency", "WorkingDirectory"); err != nil {
		return err
	}
	if stop := value(c.StopTimeout); stop < 0 || stop > 120 {
		return clientError("The stopTimeout of container %s must be between 0 and 120 seconds.", name)
	}
	for _, check := range []func(*ecs.RegisterTaskDefinitionInput, types.ContainerDefinition) error{checkPorts, checkSecrets, checkMounts, checkHealth, s.checkPull} {
		if err := check(in, c); err != nil {
			return err
		}
	}
	return s.checkLogs(c.LogConfiguration)
}

// CheckImage refuses an image that can't be pulled from anywhere. A service that is nil
// knows of none.
func (s *Service) CheckImage(ref string) error {
	if s == nil {
		return nil
	}
	_, err := s.cfg.Images.Check(ref)
	return err
}

// checkPull refuses images that can't be pulled.
//
// Assumption A61: an image that can't be pulled from anywhere is refused when the
// task definition is registered; AWS would find out when a task starts.
func (s *Service) checkPull(in *ecs.RegisterTaskDefinitionInput, c types.ContainerDefinition) error {
	ecr, err := s.cfg.Images.Check(*c.Image)
	switch {
	case err != nil:
		return err
	case ecr && value(in.ExecutionRoleArn) == "":
		return clientError("Fargate requires task definition to have execution role ARN to support ECR images.")
	case c.LogConfiguration != nil && value(in.ExecutionRoleArn) == "":
		return clientError("Fargate requires task definition to have execution role ARN to support log driver %s.", c.LogConfiguration.LogDriver)
	}
	return nil
}

func checkPorts(_ *ecs.RegisterTaskDefinitionInput, c types.ContainerDefinition) error {
	for _, m := range c.PortMappings {
		port := value(m.ContainerPort)
		switch {
		case m.ContainerPortRange != nil:
			return wire.NotModelled("containerPortRange of a port mapping")
		case m.Protocol == types.TransportProtocolUdp:
			return wire.NotModelled("protocol udp of a port mapping")
		case port < 1 || port > 65535:
			return clientError("Invalid containerPort %d.", port)
		case value(m.HostPort) != 0 && *m.HostPort != port:
			return clientError("When networkMode=awsvpc, the host ports and container ports in port mappings must match.")
		}
	}
	return nil
}

// checkLogs: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/specify-log-config.html
func (s *Service) checkLogs(c *types.LogConfiguration) error {
	if c == nil {
		return nil
	}
	if c.LogDriver != types.LogDriverAwslogs {
		return wire.NotModelled("log driver %s", c.LogDriver)
	}
	if len(c.SecretOptions) > 0 {
		return wire.NotModelled("secretOptions of a log configuration")
	}
	for _, name := range []string{logGroup, logRegion, logPrefix} {
		if c.Options[name] == "" {
			return clientError("Log driver awslogs requires options: %s", name)
		}
	}
	for name, value := range c.Options {
		switch {
		case name == logRegion && value != s.cfg.Region:
			return wire.NotModelled("%s %s: the sandbox has the one region %s", name, value, s.cfg.Region)
		case name == logCreate && value != "true" && value != "false":
			return clientError("Log driver awslogs option %s must be true or false.", name)
		case !slices.Contains([]string{logGroup, logRegion, logPrefix, logCreate, "mode", "max-buffer-size"}, name):
			return wire.NotModelled("option %s of the log driver awslogs", name)
		}
	}
	return nil
}

// Options of the awslogs driver.
const (
	logGroup  = "awslogs-group"
	logRegion = "awslogs-region"
	logPrefix = "awslogs-stream-prefix"
	logCreate = "awslogs-create-group"
)

func byName(a, b types.KeyValuePair) int { return strings.Compare(value(a.Name), value(b.Name)) }
