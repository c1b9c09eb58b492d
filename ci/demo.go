package main

import (
	"context"
	"fmt"

	"orgship/ci/internal/dagger"
)

// Show all of it without an account: share, push, release blue and green, go back, refuse, clean up.
//
// An AWS Organization runs in a container; the images are built from the Dockerfiles, pushed to its ECR and released as
// containers of the engine. Each claim is checked; the verdict says whether all are so.
//
// +cache="session"
func (o *Orgship) Demo(
	ctx context.Context,
	// How much faster than on AWS time runs.
	// +default=60
	speed float64,
) (*Report, error) {
	return execute(ctx, o.Program(), "demo", []string{fmt.Sprintf("--speed=%g", speed)})
}

// Run a sandbox, AWS as far as a release needs it: dagger call serve up
//
// Its tasks are containers of the engine. Other functions take it as their endpoint.
//
// +cache="session"
func (o *Orgship) Serve(
	// How much faster than on AWS time runs.
	// +default=60
	speed float64,
	// JSON file that describes the Organization; else the default one.
	// +optional
	organization *dagger.File,
	// Access key for the management account's administrator, JSON of the credential_process format that you make up: the credentials for the other functions. Else one is made up and shown in the log.
	// +optional
	key *dagger.Secret,
) *dagger.Service {
	c := o.Program().WithExposedPort(sandboxPort)
	args := []string{programPath, "sandbox", "--in-container", fmt.Sprintf("--listen=0.0.0.0:%d", sandboxPort), fmt.Sprintf("--speed=%g", speed)}
	if organization != nil {
		c, args = c.WithMountedFile(inFolder+"organization", organization), append(args, "--organization="+inFolder+"organization")
	}
	if key != nil {
		c, args = c.WithMountedSecret(credentialsPath, key), append(args, "--credentials="+credentialsPath)
	}
	return c.AsService(dagger.ContainerAsServiceOpts{Args: args, ExperimentalPrivilegedNesting: true})
}
