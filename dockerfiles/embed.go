// Package dockerfiles holds the demo app and one Dockerfile for each of its
// variants: plain files for docker build, embedded for the program.
package dockerfiles

import _ "embed"

//go:embed Dockerfile.blue
var blue []byte

//go:embed Dockerfile.green
var green []byte

//go:embed hello/main.go
var hello []byte

// Blue returns Dockerfile.blue.
func Blue() []byte { return append([]byte(nil), blue...) }

// Green returns Dockerfile.green.
func Green() []byte { return append([]byte(nil), green...) }

// Hello returns the source of the demo app: one Go file, the standard library
// only, so that it builds by itself anywhere.
func Hello() []byte { return append([]byte(nil), hello...) }
