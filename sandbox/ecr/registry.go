package ecr

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"orgship/sandbox/iam"
	"orgship/sandbox/wire"
)

// call is a request to the registry, taken apart.
type call struct {
	key  repositoryKey
	kind string // "manifests", "blobs", "uploads", "tags", "referrers"
	ref  string // tag or digest of a manifest, digest of a blob, id of an upload
}

// serveRegistry authenticates a request as ECR does, then hands it on. The
// rights are those of the principal the token was given to.
// https://docs.aws.amazon.com/AmazonECR/latest/userguide/registry_auth.html
func (s *Service) serveRegistry(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Docker-Distribution-Api-Version", "registry/2.0")
	username, password, _ := r.BasicAuth()
	principal, err := s.bearer(username, password)
	switch {
	case errors.Is(err, errTokenExpired):
		// Without a challenge, as ECR answers: https://github.com/awslabs/soci-snapshotter/pull/1196
		writeError(w, http.StatusForbidden, "DENIED", "Your authorization token has expired. Reauthenticate and try again.")
	case err != nil:
		w.Header().Set("Www-Authenticate", `Basic realm="http://`+r.Host+`/",service="ecr.amazonaws.com"`)
		http.Error(w, "Not Authorized", http.StatusUnauthorized)
	case strings.Trim(r.URL.Path, "/") == "v2":
		w.WriteHeader(http.StatusOK)
	default:
		s.route(w, r.WithContext(iam.WithPrincipal(r.Context(), principal)))
	}
}

func (s *Service) route(w http.ResponseWriter, r *http.Request) {
	c, ok := parseCall(r.URL.Path)
	if !ok {
		writeError(w, http.StatusNotFound, "UNSUPPORTED", "The orgship sandbox does not model "+r.Method+" "+r.URL.Path)
		return
	}
	if err := checkName(c.key.name); err != nil {
		fail(w, err, "NAME_INVALID")
		return
	}
	type route func(http.ResponseWriter, *http.Request, call)
	routes := map[string]route{
		"GET manifests": s.getManifest, "HEAD manifests": s.getManifest,
		"PUT manifests": s.putManifest, "DELETE manifests": s.deleteManifest,
		"GET tags": s.listTags, "GET referrers": s.listReferrers,
		"GET blobs": s.getBlob, "HEAD blobs": s.getBlob,
		"POST uploads": s.startUpload, "PATCH uploads": s.addToUpload, "PUT uploads": s.endUpload,
		"GET uploads": s.showUpload, "DELETE uploads": s.cancelUpload,
	}
	serve := routes[r.Method+" "+c.kind]
	if serve == nil {
		writeError(w, http.StatusMethodNotAllowed, "UNSUPPORTED", "The operation is unsupported.")
		return
	}
	serve(w, r, c)
}

// parseCall takes /v2/<account>/<repository>/<kind>/<ref> apart. Repository
// names have slashes too, so the end of the path decides.
func parseCall(path string) (call, bool) {
	p := strings.Split(strings.TrimSuffix(strings.TrimPrefix(path, "/v2/"), "/"), "/")
	if len(p) < 4 || !validAccount.MatchString(p[0]) {
		return call{}, false
	}
	name := func(upTo int) repositoryKey { return repositoryKey{p[0], strings.Join(p[1:upTo], "/")} }
	n := len(p)
	switch {
	case p[n-2] == "blobs" && p[n-1] == "uploads":
		return call{key: name(n - 2), kind: "uploads"}, true
	case n > 4 && p[n-3] == "blobs" && p[n-2] == "uploads":
		return call{key: name(n - 3), kind: "uploads", ref: p[n-1]}, true
	case p[n-2] == "tags" && p[n-1] == "list":
		return call{key: name(n - 2), kind: "tags"}, true
	case p[n-2] == "manifests", p[n-2] == "blobs", p[n-2] == "referrers":
		return call{key: name(n - 2), kind: p[n-2], ref: p[n-1]}, true
	}
	return call{}, false
}

// within authorizes action and calls f with the repository while the state is locked.
func (s *Service) within(ctx context.Context, action string, key repositoryKey, f func(*repository) error) error {
	if err := s.authorize(ctx, action, key.account, key.name); err != nil {
		return err
	}
	return s.with(key, f)
}

// writeError answers with the envelope of the distribution protocol:
// https://github.com/opencontainers/distribution-spec/blob/main/spec.md#error-codes
func writeError(w http.ResponseWriter, status int, code, message string) {
	type item struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	}
	writeJSON(w, status, map[string][]item{"errors": {{code, message}}})
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	writeJSONAs(w, "application/json; charset=utf-8", status, v)
}

func writeJSONAs(w http.ResponseWriter, mediaType string, status int, v any) {
	w.Header().Set("Content-Type", mediaType)
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(v) //nolint:errcheck // a client that went away
}

// fail answers with an error of the control plane as the registry says it:
// invalid is the code for a parameter that is wrong here.
//
// Assumption A14: the codes of LayersNotFound and ReferencedImagesNotFound are
// those of the distribution specification; ECR's are not documented.
func fail(w http.ResponseWriter, err error, invalid string) {
	var e *wire.Error
	if !errors.As(err, &e) {
		writeError(w, http.StatusInternalServerError, "UNKNOWN", err.Error())
		return
	}
	switch e.Code {
	case "RepositoryNotFoundException":
		writeError(w, http.StatusNotFound, "NAME_UNKNOWN", e.Message)
	case "ImageNotFoundException":
		writeError(w, http.StatusNotFound, "MANIFEST_UNKNOWN", "Requested image not found")
	case "ImageTagAlreadyExistsException":
		writeError(w, http.StatusBadRequest, "TAG_INVALID", e.Message)
	case "ImageDigestDoesNotMatchException":
		writeError(w, http.StatusBadRequest, "DIGEST_INVALID", e.Message)
	case "LayersNotFoundException", "ReferencedImagesNotFoundException":
		writeError(w, http.StatusBadRequest, "MANIFEST_BLOB_UNKNOWN", e.Message)
	case "UploadNotFoundException":
		writeError(w, http.StatusNotFound, "BLOB_UPLOAD_UNKNOWN", e.Message)
	case "AccessDenied", "AccessDeniedException":
		writeError(w, http.StatusForbidden, "DENIED", e.Message)
	default:
		writeError(w, http.StatusBadRequest, invalid, e.Message)
	}
}
