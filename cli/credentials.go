package cli

import (
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"orgship/pipeline/account"
)

// credentialsCommand is the verb credentials.
type credentialsCommand struct {
	GitHubRole jobRole  `name:"github-role" placeholder:"ARN" help:"Role to become in a job of GitHub Actions, by its OIDC token; else the SDK's default chain."`
	Duration   lifetime `default:"1h" help:"How long the role's credentials are good (${default}): 15m to 12h, at most what the role allows."`
	Region     region   `placeholder:"REGION" help:"AWS region; else AWS_REGION or the profile's."`
	Endpoint   string   `placeholder:"URL" help:"One URL for all services, as of a sandbox; else AWS_ENDPOINT_URL, or AWS itself."`
}

// Help is more about the verb.
func (credentialsCommand) Help() string {
	return `What is printed is JSON of the credential_process format, for a program that asks for it and not for a log: of an AWS profile

  credential_process = orgship credentials --github-role arn:aws:iam::222222222222:role/release

or of the Dagger module: --credentials cmd://"orgship credentials".

Without --github-role they are those of the SDK's default chain: environment, profile, SSO, container (CodeBuild, ECS), instance. A job of GitHub Actions needs
permissions: { id-token: write } and a role whose trust policy names its subject; pull requests from forks get no token. If it gets none, an annotation
points at the permissions in its workflow.`
}

// insideChain is set for what the SDK's default chain starts: a profile whose
// credential_process is this verb, asking the same chain, would start itself for ever.
const insideChain = "ORGSHIP_CREDENTIALS_ASKED"

// Run prints credentials.
func (c *credentialsCommand) Run(p *running) error {
	provider, err := c.provider(p)
	if err != nil {
		return err
	}
	line, err := account.Export(p.ctx, provider)
	if err != nil {
		if c.GitHubRole != "" && p.Getenv("GITHUB_ACTIONS") == "true" {
			annotate(p.Stderr, []annotation{p.workflow().refused(err)})
		}
		return err
	}
	_, err = p.Stdout.Write(line)
	return err
}

func (c *credentialsCommand) provider(p *running) (aws.CredentialsProvider, error) {
	if c.GitHubRole != "" {
		return account.GitHubJob{Role: string(c.GitHubRole), Duration: time.Duration(c.Duration), Getenv: p.Getenv, Region: string(c.Region), Endpoint: c.Endpoint}, nil
	}
	if p.Getenv(insideChain) != "" {
		return nil, &usageError{"the profile's credential_process is orgship credentials, which asks the profile", "in a profile this verb needs --github-role: without it, it prints what the profile itself has"}
	}
	if err := os.Setenv(insideChain, "1"); err != nil {
		return nil, err
	}
	return account.Default(p.ctx, account.Options{Region: string(c.Region), Endpoint: c.Endpoint})
}
