// Build an image once, share it with an organizational unit, release it blue/green, prove who answers.
//
// Each function runs a step of the pipeline in a container, against AWS or, with
// --endpoint, against a sandbox. Credentials are one secret, JSON of the AWS
// credential_process format, so that every way of signing in serves:
//
//	dagger call --credentials cmd://"aws configure export-credentials --format process" --region eu-west-1 \
//	  release --stack hello --image 111111111111.dkr.ecr.eu-west-1.amazonaws.com/demoecshwapp-ecr-repo:2.0.0 --account dev-1
//
// `dagger call demo` shows all of it without an account.
package main

import (
	"slices"

	"orgship/ci/internal/dagger"
)

// Orgship brings one image into many AWS accounts, and proves that it answers there.
type Orgship struct {
	Credentials *dagger.Secret    // +private
	Region      string            // +private
	Role        string            // +private
	Unit        string            // +private
	Endpoint    *dagger.Service   // +private
	Speed       float64           // +private
	GoImage     string            // +private
	Source      *dagger.Directory // +private

	Change      []string // +private
	Expectation []string // +private
	Asking      []string // +private
}

// New holds what lasts: who asks, where, and for whom.
func New(
	// Credentials as JSON of the credential_process format: cmd://"aws configure export-credentials --format process", file://…, env://…
	// +optional
	credentials *dagger.Secret,
	// AWS region, such as eu-west-1; a sandbox has one of its own.
	// +optional
	region string,
	// Role to assume in other accounts than the credentials' own; empty: none.
	// +default="OrganizationAccountAccessRole"
	role string,
	// Organizational unit whose accounts share the images, and the only ones to release to: its id, name, path of names or org path.
	// +optional
	unit string,
	// A sandbox instead of AWS: tcp://localhost:4566, or the service that serve returns.
	// +optional
	endpoint *dagger.Service,
	// How much faster than on AWS time runs in the sandbox: its own --speed.
	// +default=60
	speed float64,
	// Image with Go, which builds the pipeline's program and the demo app; by digest or from a mirror if you like.
	// +default="golang:1.26-alpine"
	goImage string,
	// Source of the pipeline.
	// +defaultPath="/"
	// +ignore=["**", "!go.mod", "!go.sum", "!cfn/*.go", "!cfn/*.yaml", "!cli/**/*.go", "!demo/**/*.go", "!dockerfiles", "!image/**/*.go",
	// "!pipeline/**/*.go", "!policy/**/*.go", "!sandbox/**/*.go", "!template/**/*.go", "!ci/program/*.go", "!ci/program/go.*", "**/*_test.go"]
	source *dagger.Directory,
) *Orgship {
	if region == "" && endpoint != nil {
		region = sandboxRegion
	}
	return &Orgship{
		Credentials: credentials, Region: region, Role: role, Unit: unit, Endpoint: endpoint, Speed: speed, GoImage: goImage, Source: source,
	}
}

// flag returns a flag of the program with each of its values that isn't empty.
func flag(name string, values ...string) []string {
	var flags []string
	for _, v := range values {
		if v != "" {
			flags = append(flags, "--"+name+"="+v)
		}
	}
	return flags
}

// changed returns a copy of o that setting has changed.
func (o *Orgship) changed(setting func(*Orgship)) *Orgship {
	c := *o
	c.Change, c.Expectation, c.Asking = slices.Clone(o.Change), slices.Clone(o.Expectation), slices.Clone(o.Asking)
	setting(&c)
	return &c
}
