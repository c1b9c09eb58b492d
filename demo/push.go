package demo

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"
	v1 "github.com/google/go-containerregistry/pkg/v1"

	"orgship/pipeline/registry"
	"orgship/pipeline/report"
)

// app is the demo app's three versions, pushed.
type app struct {
	blue, green, wrong shipped
}

// shipped is a version in the repository.
type shipped struct {
	registry.Pushed
	lacking int64 // bytes of its blobs that were in no version before
}

// push makes and pushes the versions. They share the layer with the program:
// only the first sends it.
func (s *Story) push(ctx context.Context) (err error) {
	s.note("%s", s.builder.About())
	blue, green, wrong := versions()
	if s.app.blue, err = s.ship(ctx, blue); err != nil {
		return err
	}
	first := s.app.blue
	s.fact(first.BlobsSkipped == 0 && first.BlobBytesSent == first.lacking, "1.0.0 Blue    %.19s  %s sent", first.Digest, report.Size(first.BlobBytesSent))
	if s.app.green, err = s.ship(ctx, green); err != nil {
		return err
	}
	s.fact(s.app.green.light(), "2.0.0 Green   %.19s  %s sent: the layer was there", s.app.green.Digest, report.Size(s.app.green.BlobBytesSent))
	if s.app.wrong, err = s.ship(ctx, wrong); err != nil {
		return err
	}
	s.fact(s.app.wrong.light(), "3.0.0 Purple  %.19s  %s sent; it says Purple where it should say Green", s.app.wrong.Digest, report.Size(s.app.wrong.BlobBytesSent))
	again, err := s.ship(ctx, blue)
	s.fact(err == nil && again.AlreadyThere && again.BlobBytesSent == 0 && again.Digest == first.Digest, "1.0.0 Blue pushed again: the same digest, 0 bytes sent")
	return err
}

// light tells a push that sent what no version before had, which is a
// configuration and no program.
func (p shipped) light() bool {
	return p.BlobsSkipped > 0 && p.BlobBytesSent == p.lacking && p.BlobBytesSent < 10_000
}

// ship builds and pushes a version.
func (s *Story) ship(ctx context.Context, v Version) (shipped, error) {
	cfg, err := s.connection.Configure(ctx, storyShared)
	if err != nil {
		return shipped{}, err
	}
	made, err := s.build(ctx, v)
	if err != nil {
		return shipped{}, err
	}
	lacking, err := s.lacking(made)
	if err != nil {
		return shipped{}, fmt.Errorf("reading the image of version %q: %w", v.Tag, err)
	}
	pushed, err := cfg.Images.Push(ctx, registry.Push{Repository: s.repository, Tag: v.Tag, Image: made})
	return shipped{pushed, lacking}, err
}

// build has a version built, and makes sure that it is that version: by the
// revision it is recognised later.
func (s *Story) build(ctx context.Context, v Version) (v1.Image, error) {
	made, err := s.builder.Build(ctx, v)
	if err != nil {
		return nil, err
	}
	file, err := made.ConfigFile()
	if err != nil {
		return nil, fmt.Errorf("reading the image of version %q: %w", v.Tag, err)
	}
	if got := file.Config.Labels[registry.RevisionLabel]; got != v.Revision {
		return nil, fmt.Errorf("building version %q: the image has revision %q, not %q", v.Tag, got, v.Revision)
	}
	return made, nil
}

// lacking returns how many bytes of an image's blobs were in none before it.
func (s *Story) lacking(made v1.Image) (bytes int64, err error) {
	manifest, err := made.Manifest()
	if err != nil {
		return 0, err
	}
	for _, blob := range append(manifest.Layers, manifest.Config) {
		if !s.there[blob.Digest] {
			s.there[blob.Digest] = true
			bytes += blob.Size
		}
	}
	return bytes, nil
}

// deleteImages empties the repository, and returns how many images it held.
func (s *Story) deleteImages(ctx context.Context) (int, error) {
	api, err := s.ecr(ctx, storyShared)
	if err != nil {
		return 0, err
	}
	repository := aws.String(s.repositoryName())
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
