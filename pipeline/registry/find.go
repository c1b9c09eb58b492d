package registry

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// The labels by which an image says what it is.
// https://github.com/opencontainers/image-spec/blob/main/annotations.md
const (
	RevisionLabel = "org.opencontainers.image.revision"
	VersionLabel  = "org.opencontainers.image.version"
)

// Image is an image in a repository. Of an index, labels and platform are those
// of its linux/amd64 image.
type Image struct {
	Reference string            `json:"reference"` // repository@sha256:…
	Digest    string            `json:"digest"`
	Tags      []string          `json:"tags"`
	PushedAt  time.Time         `json:"pushedAt"`
	Size      int64             `json:"sizeBytes"`
	Platform  string            `json:"platform"`           // "linux/amd64"
	Revision  string            `json:"revision,omitempty"` // RevisionLabel
	Version   string            `json:"version,omitempty"`  // VersionLabel
	Labels    map[string]string `json:"labels,omitempty"`
	// Manifests are the digests of an index's images; none of an image.
	Manifests []string `json:"manifests,omitempty"`
}

// Find looks an image up by repository:tag or repository@digest and reads its
// labels. Errors match ErrImageNotFound, ErrRepositoryNotFound or ErrDenied.
func (c *Client) Find(ctx context.Context, reference string) (Image, error) {
	p, err := parseImage(reference)
	if err != nil {
		return Image{}, fmt.Errorf("finding an image: %w", err)
	}
	out, err := c.api.DescribeImages(ctx, &ecr.DescribeImagesInput{
		RegistryId: aws.String(p.Account), RepositoryName: aws.String(p.Name), ImageIds: []types.ImageIdentifier{p.id()},
	})
	if err != nil {
		return Image{}, fmt.Errorf("finding %s: %w", p, p.explain(err))
	}
	if len(out.ImageDetails) == 0 {
		return Image{}, fmt.Errorf("finding %s: %w", p, p.noImage())
	}
	d := out.ImageDetails[0]
	p.Digest = aws.ToString(d.ImageDigest)
	image := Image{
		Reference: p.String(), Digest: p.Digest, Tags: d.ImageTags,
		PushedAt: aws.ToTime(d.ImagePushedAt), Size: aws.ToInt64(d.ImageSizeInBytes),
	}
	config, manifests, err := c.config(ctx, p)
	if err != nil {
		return Image{}, fmt.Errorf("reading the labels of %s: %w", p, p.explain(err))
	}
	image.Platform = config.OS + "/" + config.Architecture
	image.Manifests = manifests
	image.Labels = config.Config.Labels
	image.Revision, image.Version = image.Labels[RevisionLabel], image.Labels[VersionLabel]
	return image, nil
}

// config reads the configuration of an image, of an index that of its
// linux/amd64 image, and the digests of all its images.
func (c *Client) config(ctx context.Context, p Reference) (config *v1.ConfigFile, manifests []string, err error) {
	err = c.talk(ctx, &traffic{login: c.login}, func(options ...remote.Option) error {
		found, err := remote.Get(p.reference(), options...)
		if err != nil {
			return err
		}
		if manifests, err = manifestsOf(found); err != nil {
			return err
		}
		image, err := found.Image()
		if err != nil {
			return err
		}
		config, err = image.ConfigFile()
		return err
	})
	return config, manifests, err
}

// manifestsOf returns the digests of an index's images.
func manifestsOf(found *remote.Descriptor) ([]string, error) {
	if !found.MediaType.IsIndex() {
		return nil, nil
	}
	index, err := found.ImageIndex()
	if err != nil {
		return nil, err
	}
	list, err := index.IndexManifest()
	if err != nil {
		return nil, err
	}
	var digests []string
	for _, m := range list.Manifests {
		digests = append(digests, m.Digest.String())
	}
	return digests, nil
}

// parseImage is parse for a reference that has to name an image.
func parseImage(reference string) (Reference, error) {
	p, err := Parse(reference)
	if err == nil && p.Tag == "" && p.Digest == "" {
		err = noTag(reference)
	}
	return p, err
}

func (p Reference) id() types.ImageIdentifier {
	if p.Digest != "" {
		return types.ImageIdentifier{ImageDigest: aws.String(p.Digest)}
	}
	return types.ImageIdentifier{ImageTag: aws.String(p.Tag)}
}

// NotScanned is the status of findings that there are none of, because no scan
// has run: an image without findings is another thing.
const NotScanned = "NOT_SCANNED"

// Findings is what a scan of an image found.
type Findings struct {
	// Status is NotScanned, or ECR's word: COMPLETE, ACTIVE, IN_PROGRESS,
	// PENDING, FAILED, UNSUPPORTED_IMAGE …
	Status      string           `json:"status"`
	Description string           `json:"description,omitempty"`
	CompletedAt time.Time        `json:"completedAt,omitzero"`
	Severities  map[string]int32 `json:"severities,omitempty"` // findings by CRITICAL, HIGH, …
}

// Scanned tells whether the findings are those of a scan that ran to its end.
func (f Findings) Scanned() bool { return f.Status == "COMPLETE" || f.Status == "ACTIVE" }

// Findings returns what ECR's scan of an image found, as it stands.
// https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DescribeImageScanFindings.html
func (c *Client) Findings(ctx context.Context, reference string) (Findings, error) {
	p, err := parseImage(reference)
	if err != nil {
		return Findings{}, fmt.Errorf("reading scan findings: %w", err)
	}
	id := p.id()
	out, err := c.api.DescribeImageScanFindings(ctx, &ecr.DescribeImageScanFindingsInput{
		RegistryId: aws.String(p.Account), RepositoryName: aws.String(p.Name), ImageId: &id,
	})
	var none *types.ScanNotFoundException
	switch {
	case errors.As(err, &none):
		return Findings{Status: NotScanned}, nil
	case err != nil:
		return Findings{}, fmt.Errorf("reading the scan findings of %s: %w", p, p.explain(err))
	}
	var f Findings
	if s := out.ImageScanStatus; s != nil {
		f.Status, f.Description = string(s.Status), aws.ToString(s.Description)
	}
	if found := out.ImageScanFindings; found != nil {
		f.CompletedAt, f.Severities = aws.ToTime(found.ImageScanCompletedAt), found.FindingSeverityCounts
	}
	return f, nil
}
