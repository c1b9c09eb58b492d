package ecr

import (
	"bytes"
	"cmp"
	"encoding/json"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// manifestLimit is the largest manifest ECR takes, in bytes.
// https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_PutImage.html
const manifestLimit = 4 << 20

// parseManifest reads what a manifest says about itself: an image of Docker's
// or OCI's kind, or an index of images. A mediaType given beside the manifest
// has to agree with the one inside; one of the two must be there.
func parseManifest(raw []byte, mediaType string) (*image, error) {
	if len(raw) > manifestLimit {
		return nil, invalid("ImageManifest", "must have length less than or equal to %d", manifestLimit)
	}
	var m struct {
		MediaType    string            `json:"mediaType"`
		ArtifactType string            `json:"artifactType"`
		Config       *v1.Descriptor    `json:"config"`
		Layers       []v1.Descriptor   `json:"layers"`
		Manifests    []v1.Descriptor   `json:"manifests"`
		Subject      *v1.Descriptor    `json:"subject"`
		Annotations  map[string]string `json:"annotations"`
	}
	if err := json.Unmarshal(raw, &m); err != nil {
		return nil, invalid("ImageManifest", "Invalid JSON syntax")
	}
	if mediaType != "" && m.MediaType != "" && mediaType != m.MediaType {
		return nil, invalid("ImageManifest", "Media type '%s' does not match the manifest's '%s'", mediaType, m.MediaType)
	}
	i := &image{manifest: raw, mediaType: cmp.Or(m.MediaType, mediaType), contentType: m.ArtifactType, annotations: m.Annotations}
	digest, _, err := v1.SHA256(bytes.NewReader(raw))
	if err != nil {
		return nil, err
	}
	i.digest = digest.String()
	if m.Subject != nil {
		i.subject = m.Subject.Digest.String()
	}
	switch kind := types.MediaType(i.mediaType); {
	case kind.IsIndex():
		for _, d := range m.Manifests {
			i.children = append(i.children, d.Digest.String())
		}
	case kind.IsImage() && m.Config != nil:
		i.contentType = cmp.Or(m.ArtifactType, string(m.Config.MediaType))
		i.addBlobs(append([]v1.Descriptor{*m.Config}, m.Layers...))
	default:
		return nil, invalid("ImageManifest", "Unsupported manifest media type '%s'", i.mediaType)
	}
	return i, nil
}

// addBlobs notes the blobs that the registry must hold; layers of media types
// that may not be distributed stay where they are.
func (i *image) addBlobs(ds []v1.Descriptor) {
	for _, d := range ds {
		if d.MediaType.IsDistributable() {
			i.blobs = append(i.blobs, d.Digest.String())
		}
	}
}
