package resource

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codebuild"
	"github.com/aws/aws-sdk-go-v2/service/codebuild/types"
)

// Builds is CodeBuild.
type Builds interface {
	CreateProject(context.Context, *codebuild.CreateProjectInput) (*codebuild.CreateProjectOutput, error)
	UpdateProject(context.Context, *codebuild.UpdateProjectInput) (*codebuild.UpdateProjectOutput, error)
	DeleteProject(context.Context, *codebuild.DeleteProjectInput) (*codebuild.DeleteProjectOutput, error)
}

// CodeBuild returns the resource types of CodeBuild.
func CodeBuild(room Builds) []*Type { return []*Type{buildProject(room)} }

// buildProject is AWS::CodeBuild::Project. What CodeBuild on the sandbox doesn't
// run it refuses by itself; here are the properties that can't even be passed on.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-codebuild-project.html
func buildProject(room Builds) *Type {
	variable := Object{"Name": text().need(), "Value": text().need(), "Type": oneOf("PLAINTEXT", "PARAMETER_STORE", "SECRETS_MANAGER").models("PLAINTEXT")}
	return &Type{
		Name: "AWS::CodeBuild::Project", NameProperty: "Name",
		Properties: Object{
			"Name": text().replace(), "Description": text(), "ServiceRole": text().need(), "SourceVersion": text(),
			"TimeoutInMinutes": integer().between(5, 2160), "QueuedTimeoutInMinutes": integer().between(5, 480), "ConcurrentBuildLimit": integer(),
			"Source": object(Object{
				"Type": text().need(), "Location": text(), "BuildSpec": text(), "GitCloneDepth": integer(), "ReportBuildStatus": boolean(),
			}.lacking("Auth", "BuildStatusConfig", "GitSubmodulesConfig", "InsecureSsl", "SourceIdentifier")).need(),
			"Artifacts": object(Object{"Type": text().need()}.lacking("ArtifactIdentifier", "EncryptionDisabled", "Location", "Name",
				"NamespaceType", "OverrideArtifactName", "Packaging", "Path")).need(),
			"Environment": object(Object{
				"Type": text().need(), "ComputeType": text().need(), "Image": text().need(), "PrivilegedMode": boolean(),
				"ImagePullCredentialsType": oneOf("CODEBUILD", "SERVICE_ROLE"), "EnvironmentVariables": objects(variable),
			}.lacking("Certificate", "DockerServer", "Fleet", "RegistryCredential")).need(),
			"LogsConfig": object(Object{
				"CloudWatchLogs": object(Object{"Status": oneOf("ENABLED", "DISABLED").need(), "GroupName": text(), "StreamName": text()}),
			}.lacking("S3Logs")),
			"Cache": object(Object{"Type": oneOf("NO_CACHE", "LOCAL", "S3").need().models("NO_CACHE", "LOCAL"), "Modes": texts()}.lacking("CacheNamespace", "Location")),
			"Tags":  tagList(),
		}.lacking("AutoRetryLimit", "BadgeEnabled", "BuildBatchConfig", "EncryptionKey", "FileSystemLocations", "ResourceAccessRole",
			"SecondaryArtifacts", "SecondarySourceVersions", "SecondarySources", "Triggers", "Visibility", "VpcConfig"),
		Attributes: []string{"Arn", "Id"},
		Handler:    buildProjects{room},
		Tagged:     true,
	}
}

type buildProjects struct{ room Builds }

func (h buildProjects) Create(ctx context.Context, r *Request) error {
	in := &codebuild.CreateProjectInput{}
	if err := fill(in, without(r.Properties, "Tags")); err != nil {
		return err
	}
	in.Name, in.Tags = aws.String(r.given("Name", 150)), buildTags(r.tags())
	out, err := h.room.CreateProject(ctx, in)
	if err != nil {
		return err
	}
	r.ID = *in.Name
	r.Initiated(State{ID: r.ID, Attributes: map[string]string{"Arn": aws.ToString(out.Project.Arn), "Id": r.ID}})
	return nil
}

// Update sets all properties; one that is gone from the template stays as it
// was, as the resource type's reference says.
func (h buildProjects) Update(ctx context.Context, r *Request) error {
	in := &codebuild.UpdateProjectInput{}
	if err := fill(in, without(r.Properties, "Tags")); err != nil {
		return err
	}
	in.Name, in.Tags = &r.ID, buildTags(r.tags())
	_, err := h.room.UpdateProject(ctx, in)
	return err
}

func (h buildProjects) Delete(ctx context.Context, r *Request) error {
	_, err := h.room.DeleteProject(ctx, &codebuild.DeleteProjectInput{Name: &r.ID})
	return gone(err)
}

func buildTags(tags [][2]string) []types.Tag {
	all := []types.Tag{}
	for _, t := range tags {
		all = append(all, types.Tag{Key: aws.String(t[0]), Value: aws.String(t[1])})
	}
	return all
}
