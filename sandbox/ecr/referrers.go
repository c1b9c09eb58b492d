package ecr

import (
	"context"
	"net/http"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	ecrtypes "github.com/aws/aws-sdk-go-v2/service/ecr/types"
	ocitypes "github.com/google/go-containerregistry/pkg/v1/types"
)

// referrers are the artifacts that say something about an image, in the order of their
// push.
func (r *repository) referrers(subject string) []*image {
	return slices.DeleteFunc(r.inOrder(), func(i *image) bool { return i.subject != subject })
}

// ListImageReferrers lists the artifacts that say something about an image, in pages of
// 1 to 50, usually 20. It asks for the right to BatchGetImage.
func (s *Service) ListImageReferrers(ctx context.Context, in *ecr.ListImageReferrersInput) (*ecr.ListImageReferrersOutput, error) {
	var out ecr.ListImageReferrersOutput
	subject := aws.ToString(in.SubjectId.ImageDigest)
	if !validDigest.MatchString(subject) {
		return nil, invalid("subjectId.imageDigest", "must be the digest of an image")
	}
	err := s.in(ctx, "BatchGetImage", in.RegistryId, in.RepositoryName, func(r *repository) error {
		found := r.referrers(subject)
		if f := in.Filter; f != nil {
			found = slices.DeleteFunc(found, func(i *image) bool {
				return len(f.ArtifactTypes) > 0 && !slices.Contains(f.ArtifactTypes, i.contentType) ||
					f.ArtifactStatus == ecrtypes.ArtifactStatusFilterArchived || f.ArtifactStatus == ecrtypes.ArtifactStatusFilterActivating
			})
		}
		found, next, err := cutUpTo("ListImageReferrers", found, pushOrder, 50, 20, in.MaxResults, in.NextToken)
		for _, i := range found {
			out.Referrers = append(out.Referrers, ecrtypes.ImageReferrer{
				Digest: &i.digest, MediaType: &i.mediaType, Size: aws.Int64(int64(len(i.manifest))), ArtifactType: &i.contentType,
				ArtifactStatus: ecrtypes.ArtifactStatusActive, Annotations: i.annotations,
			})
		}
		out.NextToken = next
		return err
	})
	return &out, err
}

// listReferrers serves the same as an index, which is empty where nothing refers to a
// digest. Assumption A263: ECR asks for BatchGetImage, as for ListImageReferrers.
// https://github.com/opencontainers/distribution-spec/blob/main/spec.md#listing-referrers
func (s *Service) listReferrers(w http.ResponseWriter, r *http.Request, c call) {
	if !validDigest.MatchString(c.ref) {
		writeError(w, http.StatusBadRequest, "DIGEST_INVALID", "a subject is given by its digest")
		return
	}
	type descriptor struct {
		MediaType    string            `json:"mediaType"`
		Size         int               `json:"size"`
		Digest       string            `json:"digest"`
		ArtifactType string            `json:"artifactType,omitempty"`
		Annotations  map[string]string `json:"annotations,omitempty"`
	}
	index := struct {
		SchemaVersion int          `json:"schemaVersion"`
		MediaType     string       `json:"mediaType"`
		Manifests     []descriptor `json:"manifests"`
	}{2, string(ocitypes.OCIImageIndex), []descriptor{}}
	wanted := r.URL.Query().Get("artifactType")
	err := s.within(r.Context(), "BatchGetImage", c.key, func(repo *repository) error {
		for _, i := range repo.referrers(c.ref) {
			if wanted == "" || i.contentType == wanted {
				index.Manifests = append(index.Manifests, descriptor{i.mediaType, len(i.manifest), i.digest, i.contentType, i.annotations})
			}
		}
		return nil
	})
	if err != nil {
		fail(w, err, "NAME_INVALID")
		return
	}
	if wanted != "" {
		w.Header().Set("OCI-Filters-Applied", "artifactType")
	}
	writeJSONAs(w, index.MediaType, http.StatusOK, index)
}
