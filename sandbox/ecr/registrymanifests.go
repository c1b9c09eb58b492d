package ecr

import (
	"io"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"
)

// imageID reads the reference of a manifest: a digest or a tag.
func imageID(ref string) types.ImageIdentifier {
	if strings.Contains(ref, ":") {
		return types.ImageIdentifier{ImageDigest: aws.String(ref)}
	}
	return types.ImageIdentifier{ImageTag: aws.String(ref)}
}

// getManifest serves GET and HEAD of a manifest; ECR asks for BatchGetImage.
func (s *Service) getManifest(w http.ResponseWriter, r *http.Request, c call) {
	var found image
	err := s.within(r.Context(), "BatchGetImage", c.key, func(repo *repository) error {
		i := repo.find(imageID(c.ref))
		if i == nil {
			return repo.imageNotFound(imageID(c.ref))
		}
		if r.Method == http.MethodGet {
			i.pulled = s.cfg.Clock.Now()
		}
		found = *i
		return nil
	})
	if err != nil {
		fail(w, err, "MANIFEST_INVALID")
		return
	}
	w.Header().Set("Content-Type", found.mediaType)
	w.Header().Set("Docker-Content-Digest", found.digest)
	w.Header().Set("Content-Length", strconv.Itoa(len(found.manifest)))
	w.WriteHeader(http.StatusOK)
	if r.Method == http.MethodGet {
		w.Write(found.manifest) //nolint:errcheck // a client that went away
	}
}

// putManifest serves PUT of a manifest under a tag or a digest. Putting what is
// there already is fine, as docker push relies on.
func (s *Service) putManifest(w http.ResponseWriter, r *http.Request, c call) {
	if err := s.authorize(r.Context(), "PutImage", c.key.account, c.key.name); err != nil {
		fail(w, err, "MANIFEST_INVALID")
		return
	}
	raw, err := io.ReadAll(io.LimitReader(r.Body, manifestLimit+1))
	if err != nil {
		writeError(w, http.StatusBadRequest, "MANIFEST_INVALID", "reading the manifest: "+err.Error())
		return
	}
	mediaType, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	i, err := parseManifest(raw, mediaType)
	if err != nil {
		fail(w, err, "MANIFEST_INVALID")
		return
	}
	id := imageID(c.ref)
	err = s.with(c.key, func(repo *repository) error {
		_, _, err := repo.put(i, aws.ToString(id.ImageTag), aws.ToString(id.ImageDigest), s.cfg.Clock.Now())
		return err
	})
	if err != nil {
		fail(w, err, "MANIFEST_INVALID")
		return
	}
	w.Header().Set("Docker-Content-Digest", i.digest)
	if i.subject != "" {
		w.Header().Set("OCI-Subject", i.subject)
	}
	w.Header().Set("Location", manifestPath(c.key, i.digest))
	w.WriteHeader(http.StatusCreated)
}

func manifestPath(key repositoryKey, digest string) string {
	return "/v2/" + key.account + "/" + key.name + "/manifests/" + digest
}

// deleteManifest serves DELETE of a tag or a digest, which ECR learned late:
// https://github.com/aws/containers-roadmap/issues/1229
//
// Assumption A15: it asks for BatchDeleteImage and does what that does.
func (s *Service) deleteManifest(w http.ResponseWriter, r *http.Request, c call) {
	var refused *types.ImageFailure
	err := s.within(r.Context(), "BatchDeleteImage", c.key, func(repo *repository) error {
		id := imageID(c.ref)
		i := repo.find(id)
		if i == nil {
			return repo.imageNotFound(id)
		}
		_, refused = repo.remove(id, i)
		return nil
	})
	switch {
	case err != nil:
		fail(w, err, "MANIFEST_INVALID")
	case refused != nil:
		writeError(w, http.StatusForbidden, "DENIED", *refused.FailureReason)
	default:
		w.WriteHeader(http.StatusAccepted)
	}
}

// listTags serves the tags of a repository in order, in pages: n of them after
// last. Assumption A16: ECR asks for ListImages.
// https://github.com/opencontainers/distribution-spec/blob/main/spec.md#listing-tags
func (s *Service) listTags(w http.ResponseWriter, r *http.Request, c call) {
	query := r.URL.Query()
	n := 1000
	if text := query.Get("n"); text != "" {
		parsed, err := strconv.Atoi(text)
		if err != nil || parsed < 0 {
			writeError(w, http.StatusBadRequest, "PAGINATION_NUMBER_INVALID", "invalid number of results requested")
			return
		}
		n = min(n, parsed)
	}
	var tags []string
	err := s.within(r.Context(), "ListImages", c.key, func(repo *repository) error {
		tags = slices.Sorted(maps.Keys(repo.tags))
		return nil
	})
	if err != nil {
		fail(w, err, "NAME_INVALID")
		return
	}
	start, found := slices.BinarySearch(tags, query.Get("last"))
	if found {
		start++
	}
	tags = tags[start:]
	if n > 0 && n < len(tags) {
		tags = tags[:n]
		next := url.Values{"n": {strconv.Itoa(n)}, "last": {tags[n-1]}}
		w.Header().Set("Link", "<"+r.URL.Path+"?"+next.Encode()+`>; rel="next"`)
	}
	if n == 0 {
		tags = nil
	}
	writeJSON(w, http.StatusOK, map[string]any{"name": c.key.account + "/" + c.key.name, "tags": append([]string{}, tags...)})
}
