package codebuild

import (
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/codebuild/types"

	"orgship/sandbox/wire"
)

// check refuses what a project must not be, and what isn't modelled by name.
func check(p *types.Project) error {
	for _, part := range []func(*types.Project) error{checkSource, checkEnvironment, checkRest} {
		if err := part(p); err != nil {
			return err
		}
	}
	return nil
}

// remote are the source types with a location, which options map to a folder.
var remote = []types.SourceType{
	types.SourceTypeGithub, types.SourceTypeGithubEnterprise, types.SourceTypeCodecommit, types.SourceTypeBitbucket, types.SourceTypeGitlab,
}

func checkSource(p *types.Project) error {
	source := p.Source
	switch {
	case source.Type == types.SourceTypeNoSource && value(source.Location) != "":
		return invalid("Invalid project source: location must not be set for source type NO_SOURCE")
	case source.Type == types.SourceTypeNoSource && !inline(value(source.Buildspec)):
		return invalid("Invalid project source: source type NO_SOURCE needs an inline buildspec")
	case source.Type == types.SourceTypeNoSource:
	case !slices.Contains(remote, source.Type):
		return wire.NotModelled("the source type %q", source.Type)
	case value(source.Location) == "":
		return invalid("Invalid project source: location is required for source type %s", source.Type)
	}
	return lacks("source",
		member{"auth", source.Auth != nil}, member{"buildStatusConfig", source.BuildStatusConfig != nil},
		member{"gitSubmodulesConfig", source.GitSubmodulesConfig != nil && value(source.GitSubmodulesConfig.FetchSubmodules)},
		member{"insecureSsl", value(source.InsecureSsl)}, member{"sourceIdentifier", source.SourceIdentifier != nil},
		member{"buildspec in S3", strings.HasPrefix(value(source.Buildspec), "arn:")})
}

// checkEnvironment checks the environment.
//
// Assumption A90: whatever the image, the compute type and the privileged mode
// are, commands run on this machine, as whoever runs the sandbox.
func checkEnvironment(p *types.Project) error {
	e := p.Environment
	if e.Type != types.EnvironmentTypeLinuxContainer {
		return wire.NotModelled("the environment type %q", e.Type)
	}
	if value(e.Image) == "" || e.ComputeType == "" {
		return invalid("Invalid project environment: image and computeType are required")
	}
	if err := lacks("environment",
		member{"certificate", value(e.Certificate) != ""}, member{"computeConfiguration", e.ComputeConfiguration != nil},
		member{"dockerServer", e.DockerServer != nil}, member{"fleet", e.Fleet != nil}, member{"hostKernel", e.HostKernel != ""},
		member{"registryCredential", e.RegistryCredential != nil}); err != nil {
		return err
	}
	return checkVariables(e.EnvironmentVariables)
}

func checkVariables(variables []types.EnvironmentVariable) error {
	for _, v := range variables {
		switch name := value(v.Name); {
		case name == "" || strings.ContainsAny(name, "=\x00") || strings.Contains(value(v.Value), "\x00"):
			return invalid("Invalid environment variable name: %q", name)
		case v.Type != "" && v.Type != types.EnvironmentVariableTypePlaintext:
			return wire.NotModelled("the environment variable %s of type %s", name, v.Type)
		case strings.HasPrefix(name, reserved):
			return wire.NotModelled("the environment variable %s: the prefix %s is reserved", name, reserved)
		}
	}
	return nil
}

// reserved begins the names of CodeBuild's own variables.
// https://docs.aws.amazon.com/codebuild/latest/userguide/build-env-ref-env-vars.html
const reserved = "CODEBUILD_"

// checkRest checks what is neither source nor environment. Limits are those of
// https://docs.aws.amazon.com/codebuild/latest/userguide/limits.html
func checkRest(p *types.Project) error {
	if p.Artifacts.Type != types.ArtifactsTypeNoArtifacts {
		return wire.NotModelled("the artifacts type %q: NO_ARTIFACTS is", p.Artifacts.Type)
	}
	if m := value(p.TimeoutInMinutes); m < 5 || m > 2160 {
		return invalid("Invalid timeoutInMinutes: %d, must be between 5 and 2160", m)
	}
	if m := value(p.QueuedTimeoutInMinutes); m < 5 || m > 480 {
		return invalid("Invalid queuedTimeoutInMinutes: %d, must be between 5 and 480", m)
	}
	if p.ConcurrentBuildLimit != nil && *p.ConcurrentBuildLimit < 1 {
		return invalid("Invalid concurrentBuildLimit: %d, must be at least 1", *p.ConcurrentBuildLimit)
	}
	s3Logs := p.LogsConfig != nil && p.LogsConfig.S3Logs != nil && p.LogsConfig.S3Logs.Status == types.LogsConfigStatusTypeEnabled
	return lacks("project", member{"cache in S3", p.Cache.Type == types.CacheTypeS3}, member{"logs in S3", s3Logs},
		member{"badge", p.Badge.BadgeEnabled})
}

// member is a part of a request that AWS has and the sandbox doesn't model.
type member struct {
	name string
	set  bool
}

func lacks(of string, members ...member) error {
	for _, m := range members {
		if m.set {
			return wire.NotModelled("%s of a CodeBuild %s", m.name, of)
		}
	}
	return nil
}

// inline tells a buildspec from the path of one: it has more than one line.
func inline(buildspec string) bool { return strings.Contains(strings.TrimSpace(buildspec), "\n") }

// named returns the name in an ARN, or what isn't an ARN as it is.
func named(arnOrName, kind string) string {
	if _, name, ok := strings.Cut(arnOrName, ":"+kind); ok {
		return name
	}
	return arnOrName
}
