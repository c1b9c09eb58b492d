package ecs

import (
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"orgship/sandbox/wire"
)

// What a container definition has beside its image.
//
// Assumption A261: ECS refuses what is checked here, as its documentation says; where
// no source shows the words, they are ours.

// checkStorage: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-task-storage.html
func checkStorage(in *ecs.RegisterTaskDefinitionInput) error {
	if e := in.EphemeralStorage; e != nil && (e.SizeInGiB < 21 || e.SizeInGiB > 200) {
		return clientError("The ephemeral storage size in GiB must be between 21 and 200, not %d.", e.SizeInGiB)
	}
	names := map[string]bool{}
	for _, v := range in.Volumes {
		name := value(v.Name)
		switch {
		case !containerName.MatchString(name):
			return clientError("Volume name contains invalid characters: %q.", name)
		case names[name]:
			return clientError("Volume names must be unique: %s is used more than once.", name)
		case v.Host != nil && value(v.Host.SourcePath) != "":
			return clientError("Host.sourcePath should not be set for volumes in Fargate.")
		}
		names[name] = true
		if err := onlyModelledOf("a volume", v, "Name", "Host"); err != nil {
			return err
		}
	}
	return nil
}

func checkMounts(in *ecs.RegisterTaskDefinitionInput, c types.ContainerDefinition) error {
	for _, m := range c.MountPoints {
		switch {
		case !slices.ContainsFunc(in.Volumes, func(v types.Volume) bool { return value(v.Name) == value(m.SourceVolume) }):
			return clientError("Unknown volume '%s'.", value(m.SourceVolume))
		case len(value(m.ContainerPath)) < 2 || (*m.ContainerPath)[0] != '/':
			return clientError("The container path %q of a mount point of container %s must be absolute.", value(m.ContainerPath), *c.Name)
		}
	}
	return nil
}

// checkSecrets: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Secret.html
func checkSecrets(in *ecs.RegisterTaskDefinitionInput, c types.ContainerDefinition) error {
	taken := map[string]bool{}
	for _, e := range c.Environment {
		taken[value(e.Name)] = true
	}
	for _, secret := range c.Secrets {
		switch {
		case value(in.ExecutionRoleArn) == "":
			return clientError("When you are specifying container secrets, you must also specify a value for 'executionRoleArn'.")
		case value(secret.Name) == "" || value(secret.ValueFrom) == "":
			return clientError("Secret.name and Secret.valueFrom of container %s must not be empty.", *c.Name)
		case taken[*secret.Name]:
			return clientError("The secret name must be unique and not shared with any new or existing environment variables set on the container, such as '%s'.", *secret.Name)
		}
		taken[*secret.Name] = true
	}
	return nil
}

// checkHealth: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_HealthCheck.html
func checkHealth(_ *ecs.RegisterTaskDefinitionInput, c types.ContainerDefinition) error {
	h := c.HealthCheck
	if h == nil {
		return nil
	}
	if len(h.Command) < 2 || h.Command[0] != commandExec && h.Command[0] != commandShell {
		return clientError("The command of the health check of container %s must begin with CMD or CMD-SHELL, and have a command behind it.", *c.Name)
	}
	for _, n := range []struct {
		name      string
		given     *int32
		low, high int32
	}{{"interval", h.Interval, 5, 300}, {"timeout", h.Timeout, 2, 60}, {"retries", h.Retries, 1, 10}, {"startPeriod", h.StartPeriod, 0, 300}} {
		if n.given != nil && (*n.given < n.low || *n.given > n.high) {
			return clientError("The %s of the health check of container %s must be between %d and %d.", n.name, *c.Name, n.low, n.high)
		}
	}
	return nil
}

// checkSharedPorts refuses a port that two containers want: they have one network.
func checkSharedPorts(all []types.ContainerDefinition) error {
	taken := map[int32]string{}
	for _, c := range all {
		for _, m := range c.PortMappings {
			if other, is := taken[*m.ContainerPort]; is && other != *c.Name {
				return clientError("The containers %s and %s have the same container port %d, and share a network.", other, *c.Name, *m.ContainerPort)
			}
			taken[*m.ContainerPort] = *c.Name
		}
	}
	return nil
}

// checkDependencies: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDependency.html
func checkDependencies(all []types.ContainerDefinition) error {
	for _, c := range all {
		for _, on := range c.DependsOn {
			i := slices.IndexFunc(all, func(other types.ContainerDefinition) bool { return *other.Name == value(on.ContainerName) })
			switch {
			case i < 0 || *all[i].Name == *c.Name:
				return clientError("The container %s depends on %q, which is no other container of the task definition.", *c.Name, value(on.ContainerName))
			case on.Condition == types.ContainerConditionHealthy && all[i].HealthCheck == nil:
				return clientError("The container %s depends on %s being HEALTHY, which has no health check.", *c.Name, *all[i].Name)
			case (on.Condition == types.ContainerConditionComplete || on.Condition == types.ContainerConditionSuccess) && (all[i].Essential == nil || *all[i].Essential):
				return clientError("The container %s depends on %s being %s, which is essential.", *c.Name, *all[i].Name, on.Condition)
			case !slices.Contains(on.Condition.Values(), on.Condition):
				return wire.Errorf("InvalidParameterException", "Unknown condition %q of a dependency of container %s.", on.Condition, *c.Name)
			}
		}
	}
	done := map[string]bool{}
	for range all {
		for _, c := range all {
			if !slices.ContainsFunc(c.DependsOn, func(on types.ContainerDependency) bool { return !done[*on.ContainerName] }) {
				done[*c.Name] = true
			}
		}
	}
	if len(done) < len(all) {
		return clientError("The dependencies of the containers go round in a circle.")
	}
	return nil
}
