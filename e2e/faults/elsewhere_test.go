package faults

import (
	"path/filepath"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/tarball"

	"orgship/pipeline/report"
	"orgship/sandbox"
)

// TestImageFromElsewhere releases a shop that began with an image of another registry,
// as AWS's own examples do.
func TestImageFromElsewhere(t *testing.T) {
	t.Parallel()
	img, err := assemble(t, images["three"])
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "httpd.tar")
	if err := tarball.WriteToFile(file, name.MustParseReference("httpd"), img); err != nil {
		t.Fatal(err)
	}
	w := newWorldWith(t, sandbox.Options{Images: map[string]string{"httpd": file}}, "one", "exits")
	for file, account := range map[string]string{"stranger.yaml": "dev-1", "rolling.yaml": "dev-2"} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			d := &desk{w: w, t: t, account: account, file: file}
			d.makeShopOf(func(in *cloudformation.CreateStackInput) {
				for i, p := range in.Parameters {
					if *p.ParameterKey == "Version" {
						in.Parameters[i].ParameterValue = aws.String("httpd")
					}
				}
			})
			d.says = "three"
			for _, s := range []situation{
				{name: "it exits at once", args: "release shop REPO:exits --account " + account, status: 1, verdict: report.Failed, outcome: report.RolledBack, line: "none lost"},
				{name: "a good version", args: "release shop REPO:one --expect-body one --account " + account, verdict: report.Successful, outcome: report.Released, line: "^Now serving: sha256:.*\n.*by AWS's records", serves: "one"},
			} {
				t.Run(s.name, func(t *testing.T) { d.on(t).play(s) })
			}
		})
	}
}
