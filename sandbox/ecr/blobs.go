package ecr

import (
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"crypto/sha256"
	"encoding/hex"
)

// blobs keeps layers and configs as files named after their digest, each once
// however many repositories hold it. Which repository holds it, and when none
// does any more, is the service's business.
//
// go-containerregistry's pkg/registry is a registry too, but it keeps manifests
// to itself, which the control plane has to share, buffers whole uploads in
// memory behind one lock, and reads only closed ranges; so the part of the
// protocol that moves blobs is ours, and short.
type blobs struct {
	mu   sync.Mutex
	dir  string
	made *os.File // dir is a temporary directory of ours, held by this
	done bool
}

// folder returns the directory of the blobs, made when it is first needed.
func (b *blobs) folder() (string, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.done {
		return "", errors.New("the registry is closed")
	}
	if b.dir == "" {
		if err := b.make(); err != nil {
			return "", fmt.Errorf("making a directory for layers: %w", err)
		}
	}
	return b.dir, nil
}

// layersPrefix begins the name of a folder of layers that somebody holds, or held.
const layersPrefix = "orgship-ecr-"

// make makes the directory. It gets its name once it is held: whoever sweeps in
// between leaves it alone.
func (b *blobs) make() error {
	dir, err := os.MkdirTemp("", "orgship-making-")
	if err != nil {
		return err
	}
	if b.made, err = hold(dir); err != nil {
		return errors.Join(err, os.Remove(dir))
	}
	b.dir = filepath.Join(filepath.Dir(dir), layersPrefix+strings.TrimPrefix(filepath.Base(dir), "orgship-making-"))
	return os.Rename(dir, b.dir)
}

func (b *blobs) path(digest string) (string, error) {
	dir, err := b.folder()
	return filepath.Join(dir, strings.ReplaceAll(digest, ":", "-")), err
}

func (b *blobs) open(digest string) (*os.File, error) {
	path, err := b.path(digest)
	if err != nil {
		return nil, err
	}
	return os.Open(path)
}

// adopt makes a file the blob of a digest.
func (b *blobs) adopt(file, digest string) error {
	path, err := b.path(digest)
	if err != nil {
		return err
	}
	return os.Rename(file, path)
}

func (b *blobs) remove(digest string) {
	if path, err := b.path(digest); err == nil {
		os.Remove(path) // if it stays, Close removes it
	}
}

// close removes the directory, if it was made here.
func (b *blobs) close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.done = true
	if b.made == nil {
		return nil
	}
	defer func() { _ = b.made.Close() }()
	return os.RemoveAll(b.dir)
}

// upload is a blob on its way in. Its lock is held while a part of it is read,
// so that parts follow each other; other uploads go on meanwhile.
type upload struct {
	id         string
	repository repositoryKey

	mu   sync.Mutex
	file *os.File
	hash hash.Hash
	size int64
}

func (b *blobs) newUpload(id string, key repositoryKey) (*upload, error) {
	dir, err := b.folder()
	if err != nil {
		return nil, err
	}
	file, err := os.CreateTemp(dir, "upload-")
	if err != nil {
		return nil, fmt.Errorf("starting an upload: %w", err)
	}
	return &upload{id: id, repository: key, file: file, hash: sha256.New()}, nil
}

// add appends a part. What arrived before an error stays.
func (u *upload) add(part io.Reader) error {
	n, err := io.Copy(io.MultiWriter(u.file, u.hash), part)
	u.size += n
	return err
}

func (u *upload) digest() string { return "sha256:" + hex.EncodeToString(u.hash.Sum(nil)) }

// discard ends an upload that came to nothing.
func (u *upload) discard() {
	u.file.Close()
	os.Remove(u.file.Name()) // if it stays, Close removes it
}
