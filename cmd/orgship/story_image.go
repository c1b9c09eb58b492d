package main

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"
	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"

	"orgship/dockerfiles"
	"orgship/image"
	"orgship/pipeline/access"
	"orgship/pipeline/registry"
)

// app is the demo app's three versions, pushed.
type app struct {
	blue, green, wrong registry.Pushed
}

// version is a version of the demo app.
type version struct {
	tag        string
	variant    string // Blue, Green, or another word, which nobody wants
	dockerfile []byte
}

// assemble makes the version's image.
func (v version) assemble(b *image.Binary) (v1.Image, error) {
	return image.Assemble(b, image.Options{
		Dockerfile: v.dockerfile, Version: v.tag, Revision: revision(v.tag, v.variant, v.dockerfile), Env: map[string]string{"VARIANT": v.variant},
	})
}

// push makes and pushes the versions. They share the layer with the program:
// only the first sends it.
func (d *demo) push(ctx context.Context) error {
	d.note("without Docker: the Go toolchain compiles dockerfiles/hello, go-containerregistry makes the images, with the Dockerfiles' settings")
	slow := time.AfterFunc(3*time.Second, func() { d.note("still compiling: the first time, the standard library is compiled along") })
	binary, err := image.Compile(ctx, dockerfiles.Hello(), image.Host())
	slow.Stop()
	if err != nil {
		return err
	}
	blue, green := version{"1.0.0", "Blue", dockerfiles.Blue()}, version{"2.0.0", "Green", dockerfiles.Green()}
	wrong := version{"3.0.0", "Purple", dockerfiles.Green()}
	if d.app.blue, err = d.pushOne(ctx, binary, blue); err != nil {
		return err
	}
	first := d.app.blue
	d.fact(first.BlobsSkipped == 0 && first.BlobBytesSent > 1<<20, "1.0.0 Blue    %.19s  %s sent", first.Digest, size(first.BlobBytesSent))
	if d.app.green, err = d.pushOne(ctx, binary, green); err != nil {
		return err
	}
	d.fact(shared(d.app.green), "2.0.0 Green   %.19s  %s sent: the layer was there", d.app.green.Digest, size(d.app.green.BlobBytesSent))
	if d.app.wrong, err = d.pushOne(ctx, binary, wrong); err != nil {
		return err
	}
	d.fact(shared(d.app.wrong), "3.0.0 Purple  %.19s  %s sent; it says Purple where it should say Green", d.app.wrong.Digest, size(d.app.wrong.BlobBytesSent))
	again, err := d.pushOne(ctx, binary, blue)
	d.fact(err == nil && again.AlreadyThere && again.BlobBytesSent == 0 && again.Digest == first.Digest, "1.0.0 Blue pushed again: the same digest, 0 bytes sent")
	return err
}

// shared tells a push that sent a configuration and no layer.
func shared(p registry.Pushed) bool { return p.BlobsSkipped > 0 && p.BlobBytesSent < 10_000 }

func (d *demo) pushOne(ctx context.Context, b *image.Binary, v version) (registry.Pushed, error) {
	cfg, err := d.connection.Configure(ctx, storyShared)
	if err != nil {
		return registry.Pushed{}, err
	}
	made, err := v.assemble(b)
	if err != nil {
		return registry.Pushed{}, err
	}
	return cfg.Images.Push(ctx, registry.Push{Repository: d.repository, Tag: v.tag, Image: made})
}

// access asks for each account twice: the policy, and the registry.
func (d *demo) access(ctx context.Context) error {
	decisions, err := d.connection.MayPull(ctx, d.app.blue.Reference, "", "")
	if err != nil {
		return err
	}
	for _, a := range decisions {
		if err := d.tryPull(ctx, a); err != nil {
			return err
		}
	}
	no := len(access.Refused(decisions))
	d.fact(len(decisions) == len(d.box.Accounts()), "that is every account of the Organization: %d may pull, %d may not", len(decisions)-no, no)
	return nil
}

// tryPull pulls as an account, and compares with what the policy said.
func (d *demo) tryPull(ctx context.Context, a access.Decision) error {
	api, err := d.ecr(ctx, a.Name)
	if err != nil {
		return err
	}
	who := fmt.Sprintf("%s %-15s", a.Account, a.Name)
	bytes, err := pull(ctx, api, d.app.blue.Reference)
	var refused *transport.Error
	switch {
	case errors.As(err, &refused) && refused.StatusCode == http.StatusForbidden && len(refused.Errors) > 0:
		d.fact(!a.Allowed && !d.entitled(a), "%s may not pull: %s", who, a.Condition)
		d.note("and ECR refuses: %s", refused.Errors[0].Message)
	case err != nil:
		return err
	default:
		why := "aws:PrincipalOrgPaths is " + a.OrgPath
		if a.Account == d.owner() {
			why = a.Reason
		}
		d.fact(a.Allowed && d.entitled(a), "%s may pull, and did, %s: %s", who, size(bytes), why)
	}
	return nil
}

// entitled tells who should be able to pull, from the Organization alone.
func (d *demo) entitled(a access.Decision) bool {
	return a.Account == d.owner() || strings.Contains(a.OrgPath, "/"+d.unit.ID+"/")
}

// pull pulls an image with the rights of an account, layers and all, and returns
// how many bytes of layers came.
func pull(ctx context.Context, api *ecr.Client, reference string) (int64, error) {
	login, err := login(ctx, api)
	if err != nil {
		return 0, err
	}
	ref, err := name.ParseReference(reference, name.Insecure)
	if err != nil {
		return 0, err
	}
	img, err := remote.Image(ref, remote.WithContext(ctx), remote.WithAuth(login))
	if err != nil {
		return 0, err
	}
	layers, err := img.Layers()
	if err != nil {
		return 0, err
	}
	total := int64(0)
	for _, l := range layers {
		n, err := drain(l)
		if err != nil {
			return 0, err
		}
		total += n
	}
	return total, nil
}

// drain reads a layer to its end, where its digest is checked.
func drain(l v1.Layer) (int64, error) {
	content, err := l.Compressed()
	if err != nil {
		return 0, err
	}
	defer content.Close()
	return io.Copy(io.Discard, content)
}

// login gets a token for the registry, as docker login would.
func login(ctx context.Context, api *ecr.Client) (authn.Authenticator, error) {
	out, err := api.GetAuthorizationToken(ctx, &ecr.GetAuthorizationTokenInput{})
	if err != nil {
		return nil, err
	}
	if len(out.AuthorizationData) == 0 {
		return nil, errors.New("ECR gave no token")
	}
	token, err := base64.StdEncoding.DecodeString(aws.ToString(out.AuthorizationData[0].AuthorizationToken))
	if err != nil {
		return nil, errors.New("ECR's token is not base64") // the error would quote it
	}
	user, password, _ := strings.Cut(string(token), ":")
	return &authn.Basic{Username: user, Password: password}, nil
}

// deleteImages empties the repository, and returns how many images it held.
func (d *demo) deleteImages(ctx context.Context) (int, error) {
	api, err := d.ecr(ctx, storyShared)
	if err != nil {
		return 0, err
	}
	repository := aws.String(d.repositoryName())
	out, err := api.ListImages(ctx, &ecr.ListImagesInput{RepositoryName: repository})
	if err != nil {
		return 0, err
	}
	digests := map[string]bool{}
	var ids []types.ImageIdentifier
	for _, id := range out.ImageIds {
		if digest := aws.ToString(id.ImageDigest); !digests[digest] {
			digests[digest] = true
			ids = append(ids, types.ImageIdentifier{ImageDigest: id.ImageDigest})
		}
	}
	deleted, err := api.BatchDeleteImage(ctx, &ecr.BatchDeleteImageInput{RepositoryName: repository, ImageIds: ids})
	if err == nil && len(deleted.Failures) > 0 {
		err = fmt.Errorf("deleting images: %s", aws.ToString(deleted.Failures[0].FailureReason))
	}
	return len(digests), err
}

// size renders a number of bytes for people.
func size(bytes int64) string {
	switch {
	case bytes < 1<<10:
		return fmt.Sprintf("%d bytes", bytes)
	case bytes < 1<<20:
		return fmt.Sprintf("%.1f KiB", float64(bytes)/(1<<10))
	}
	return fmt.Sprintf("%.1f MiB", float64(bytes)/(1<<20))
}
