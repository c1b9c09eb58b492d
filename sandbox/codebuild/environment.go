package codebuild

import (
	"path/filepath"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/service/codebuild/types"
)

// environment is what commands begin with: what CodeBuild sets, the variables of
// the buildspec, the project and StartBuild (the later ones win), and HOME and
// PATH of this machine, of whose environment nothing else comes in.
// https://docs.aws.amazon.com/codebuild/latest/userguide/build-env-ref-env-vars.html
//
// Assumption A91: the service role's credentials are told with
// AWS_CONTAINER_CREDENTIALS_FULL_URI and a token, where CodeBuild has
// AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: its address is none of this machine's.
// The files in which this machine's user may have credentials are hidden.
func (s *Service) environment(r *run) []string {
	b := &r.build.Build // what is set here doesn't change any more
	var env []string
	set := func(name, value string) { env = append(env, name+"="+value) }
	set("HOME", s.cfg.Getenv("HOME"))
	set("PATH", s.cfg.Getenv("PATH"))
	for name, value := range r.spec.Variables {
		set(name, value)
	}
	for _, v := range b.Environment.EnvironmentVariables {
		set(value(v.Name), value(v.Value))
	}
	for name, value := range map[string]string{
		"CI": "true", "AWS_REGION": s.cfg.Region, "AWS_DEFAULT_REGION": s.cfg.Region, "AWS_ENDPOINT_URL": s.cfg.Endpoint(),
		"AWS_CONTAINER_CREDENTIALS_FULL_URI": r.credentials.url, "AWS_CONTAINER_AUTHORIZATION_TOKEN": r.credentials.token,
		"AWS_CONFIG_FILE":             filepath.Join(r.dir, "aws", "config"),
		"AWS_SHARED_CREDENTIALS_FILE": filepath.Join(r.dir, "aws", "credentials"),
		"CODEBUILD_BUILD_ARN":         value(b.Arn), "CODEBUILD_BUILD_ID": value(b.Id),
		"CODEBUILD_BUILD_IMAGE": value(b.Environment.Image), "CODEBUILD_BUILD_NUMBER": strconv.FormatInt(*b.BuildNumber, 10),
		"CODEBUILD_BUILD_SUCCEEDING": "1", "CODEBUILD_INITIATOR": value(b.Initiator), "CODEBUILD_KMS_KEY_ID": value(b.EncryptionKey),
		"CODEBUILD_LOG_PATH": r.stream, "CODEBUILD_RESOLVED_SOURCE_VERSION": value(b.ResolvedSourceVersion),
		"CODEBUILD_SOURCE_REPO_URL": value(b.Source.Location), "CODEBUILD_SOURCE_VERSION": value(b.SourceVersion),
		"CODEBUILD_SRC_DIR": r.source, "CODEBUILD_START_TIME": strconv.FormatInt(b.StartTime.UnixMilli(), 10),
	} {
		set(name, value)
	}
	return env
}

// override returns the project's variables with those of a StartBuild over them.
func override(project, over []types.EnvironmentVariable) []types.EnvironmentVariable {
	var all []types.EnvironmentVariable
	at := map[string]int{}
	for _, list := range [][]types.EnvironmentVariable{project, over} {
		for _, v := range list {
			v.Type = types.EnvironmentVariableTypePlaintext
			if i, known := at[value(v.Name)]; known {
				all[i] = v
				continue
			}
			at[value(v.Name)] = len(all)
			all = append(all, v)
		}
	}
	return all
}
