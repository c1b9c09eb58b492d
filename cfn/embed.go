// Package cfn holds the CloudFormation templates: plain files that can be
// deployed by hand, embedded for the program.
package cfn

import _ "embed"

//go:embed ecr-repository.yaml
var ecrRepository []byte

//go:embed bluegreen.yaml
var blueGreen []byte

// ECRRepository returns the template of the shared repository (for the shared
// services account).
func ECRRepository() []byte { return append([]byte(nil), ecrRepository...) }

// BlueGreen returns the template of the service and its blue/green releases
// (for a workload account).
func BlueGreen() []byte { return append([]byte(nil), blueGreen...) }
