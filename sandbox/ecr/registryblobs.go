package ecr

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"orgship/sandbox/wire"
)

// getBlob serves GET and HEAD of a blob, whole or in ranges. As in ECR, asking
// whether it is there needs BatchCheckLayerAvailability, and getting it
// GetDownloadUrlForLayer.
func (s *Service) getBlob(w http.ResponseWriter, r *http.Request, c call) {
	action := "GetDownloadUrlForLayer"
	if r.Method == http.MethodHead {
		action = "BatchCheckLayerAvailability"
	}
	var file *os.File
	err := s.within(r.Context(), action, c.key, func(repo *repository) error {
		if _, ok := repo.layers[c.ref]; !ok {
			return nil
		}
		var err error
		file, err = s.blobs.open(c.ref)
		return err
	})
	if err != nil {
		fail(w, err, "BLOB_UNKNOWN")
		return
	}
	if file == nil {
		writeError(w, http.StatusNotFound, "BLOB_UNKNOWN", "blob unknown to registry")
		return
	}
	defer file.Close()
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Docker-Content-Digest", c.ref)
	http.ServeContent(w, r, "", time.Time{}, file)
}

// startUpload begins an upload, or takes a whole blob when its digest is given.
// A request to mount a blob of another repository begins an upload too: ECR
// mounts only where the account setting BLOB_MOUNTING is on, and that is not
// modelled.
func (s *Service) startUpload(w http.ResponseWriter, r *http.Request, c call) {
	if err := s.within(r.Context(), "InitiateLayerUpload", c.key, func(*repository) error { return nil }); err != nil {
		fail(w, err, "BLOB_UPLOAD_INVALID")
		return
	}
	id := make([]byte, 16)
	rand.Read(id) // never fails
	u, err := s.blobs.newUpload(hex.EncodeToString(id), c.key)
	if err != nil {
		fail(w, err, "BLOB_UPLOAD_INVALID")
		return
	}
	s.mu.Lock()
	s.uploads[u.id] = u
	s.mu.Unlock()
	if r.URL.Query().Get("digest") != "" {
		c.ref = u.id
		s.endUpload(w, r, c)
		return
	}
	u.describe(w, http.StatusAccepted)
}

// addToUpload appends a chunk. A Content-Range has to begin where the upload ends.
func (s *Service) addToUpload(w http.ResponseWriter, r *http.Request, c call) {
	u := s.takeUpload(w, r, c, "UploadLayerPart")
	if u == nil {
		return
	}
	defer u.mu.Unlock()
	if u.outOfOrder(r) {
		u.describe(w, http.StatusRequestedRangeNotSatisfiable)
		return
	}
	if err := u.add(r.Body); err != nil {
		writeError(w, http.StatusBadRequest, "BLOB_UPLOAD_INVALID", "reading the part: "+err.Error())
		return
	}
	u.describe(w, http.StatusAccepted)
}

// outOfOrder reports whether a chunk doesn't begin where the upload ends.
func (u *upload) outOfOrder(r *http.Request) bool {
	from, _, ok := strings.Cut(r.Header.Get("Content-Range"), "-")
	return ok && from != strconv.FormatInt(u.size, 10)
}

// endUpload takes the last chunk, if there is one, and makes the upload a blob
// of the repository when its digest is the one that is given.
func (s *Service) endUpload(w http.ResponseWriter, r *http.Request, c call) {
	u := s.takeUpload(w, r, c, "CompleteLayerUpload")
	if u == nil {
		return
	}
	defer u.mu.Unlock()
	digest := r.URL.Query().Get("digest")
	if !validDigest.MatchString(digest) {
		writeError(w, http.StatusBadRequest, "DIGEST_INVALID", fmt.Sprintf("%q is no sha256 digest", digest))
		return
	}
	if u.outOfOrder(r) {
		u.describe(w, http.StatusRequestedRangeNotSatisfiable)
		return
	}
	if err := s.lastPart(u, r); err != nil {
		fail(w, err, "BLOB_UPLOAD_INVALID")
		return
	}
	s.mu.Lock()
	delete(s.uploads, u.id)
	s.mu.Unlock()
	if u.digest() != digest {
		u.discard()
		writeError(w, http.StatusBadRequest, "DIGEST_INVALID",
			"The layer digest calculation performed by Amazon ECR upon receipt of the image layer doesn't match the digest specified.")
		return
	}
	if err := s.keep(u, digest); err != nil {
		u.discard()
		fail(w, err, "BLOB_UPLOAD_INVALID")
		return
	}
	w.Header().Set("Docker-Content-Digest", digest)
	w.Header().Set("Location", "/v2/"+c.key.account+"/"+c.key.name+"/blobs/"+digest)
	w.WriteHeader(http.StatusCreated)
}

// lastPart appends the body of the request that ends an upload. A body is a
// part, so it needs the right to upload one.
func (s *Service) lastPart(u *upload, r *http.Request) error {
	if r.ContentLength == 0 {
		return nil
	}
	if err := s.authorize(r.Context(), "UploadLayerPart", u.repository.account, u.repository.name); err != nil {
		return err
	}
	return u.add(r.Body)
}

// keep makes a complete upload a blob of its repository.
func (s *Service) keep(u *upload, digest string) error {
	if err := u.file.Close(); err != nil {
		return err
	}
	return s.with(u.repository, func(r *repository) error {
		if err := s.blobs.adopt(u.file.Name(), digest); err != nil {
			return err
		}
		r.layers[digest] = u.size
		return nil
	})
}

// showUpload tells how much of an upload has arrived.
func (s *Service) showUpload(w http.ResponseWriter, r *http.Request, c call) {
	if u := s.takeUpload(w, r, c, "UploadLayerPart"); u != nil {
		defer u.mu.Unlock()
		u.describe(w, http.StatusNoContent)
	}
}

// cancelUpload forgets an upload.
func (s *Service) cancelUpload(w http.ResponseWriter, r *http.Request, c call) {
	u := s.takeUpload(w, r, c, "UploadLayerPart")
	if u == nil {
		return
	}
	defer u.mu.Unlock()
	s.mu.Lock()
	delete(s.uploads, u.id)
	s.mu.Unlock()
	u.discard()
	w.WriteHeader(http.StatusNoContent)
}

// takeUpload authorizes action and returns the upload, locked; or it answers
// the request and returns nil.
func (s *Service) takeUpload(w http.ResponseWriter, r *http.Request, c call, action string) *upload {
	var u *upload
	find := func(*repository) error {
		if u = s.uploads[c.ref]; u == nil || u.repository != c.key {
			return wire.Errorf("UploadNotFoundException", "The upload could not be found, or the specified upload ID is not valid for this repository.")
		}
		return nil
	}
	err := s.within(r.Context(), action, c.key, find)
	if err == nil {
		u.mu.Lock()
		if err = s.with(c.key, find); err == nil { // it may have ended while another part was read
			return u
		}
		u.mu.Unlock()
	}
	fail(w, err, "BLOB_UPLOAD_INVALID")
	return nil
}

// describe answers with where an upload goes on.
func (u *upload) describe(w http.ResponseWriter, status int) {
	w.Header().Set("Location", "/v2/"+u.repository.account+"/"+u.repository.name+"/blobs/uploads/"+u.id)
	w.Header().Set("Docker-Upload-Uuid", u.id)
	w.Header().Set("Range", fmt.Sprintf("0-%d", max(0, u.size-1)))
	w.Header().Set("Content-Length", "0")
	w.WriteHeader(status)
}

// forget drops what a deleted repository held: its uploads, and the blobs that
// no other repository holds. The state is locked.
func (s *Service) forget(r *repository) {
	for id, u := range s.uploads {
		if u.repository == (repositoryKey{r.account, r.name}) {
			delete(s.uploads, id)
			u.discard()
		}
	}
	for digest := range r.layers {
		if !s.held(digest) {
			s.blobs.remove(digest)
		}
	}
}

func (s *Service) held(digest string) bool {
	for _, r := range s.repositories {
		if _, ok := r.layers[digest]; ok {
			return true
		}
	}
	return false
}
