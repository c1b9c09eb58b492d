// Package images says from where tasks pull what isn't in the sandbox's ECR: from
// files, or from a registry that stands for another one.
package images

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"orgship/sandbox/wire"
)

// ECR is the sandbox's own registry.
type ECR interface {
	// Resolve turns a reference of ECR's form into the sandbox's; others are refused.
	Resolve(ref string) (string, error)
}

// Config is what the room needs.
type Config struct {
	ECR ECR
	// Files are images by name: folders with an OCI layout, OCI archives, or what docker
	// save writes.
	Files map[string]string
	// PullThrough are the URLs of registries that stand for others, by their hosts.
	PullThrough map[string]string
}

// Service resolves the images of tasks.
type Service struct {
	ecr     ECR
	files   map[string]string // by full name
	through map[string]*url.URL

	mu     sync.Mutex
	server *http.Server // of the images in files; nil until one is asked for
	host   string
	dir    string
	served map[string]bool
}

// New checks the names, files and URLs. Errors name what is wrong and what to write.
func New(c Config) (*Service, error) {
	s := &Service{ecr: c.ECR, files: map[string]string{}, through: map[string]*url.URL{}, served: map[string]bool{}}
	for given, path := range c.Files {
		ref, err := name.ParseReference(given)
		if err != nil {
			return nil, &Error{fmt.Sprintf("image %q: %v", given, err), "--image httpd=FILE"}
		}
		if _, err := os.Stat(path); err != nil {
			var missing *os.PathError
			errors.As(err, &missing)
			return nil, &Error{fmt.Sprintf("image %q: file %q: %v", given, path, missing.Err), "skopeo copy docker://" + given + " oci-archive:" + path}
		}
		s.files[ref.Name()] = path
	}
	for host, to := range c.PullThrough {
		u, err := url.Parse(to)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || strings.Trim(u.Path, "/") != "" {
			return nil, &Error{fmt.Sprintf("pull-through of %q: %q isn't the URL of a registry", host, to), "--pull-through " + host + "=http://127.0.0.1:5000"}
		}
		s.through[registryOf(host)] = u
	}
	return s, nil
}

// registryOf returns the name by which images know a host: Docker Hub has several.
func registryOf(host string) string {
	if r, err := name.NewRegistry(host); err == nil {
		return r.RegistryStr()
	}
	return host
}

// Error is a wrong option, with what to write.
type Error struct{ text, hint string }

func (e *Error) Error() string { return e.text }

// Hint is what to write.
func (e *Error) Hint() string { return e.hint }

// Image is from where a task pulls.
type Image struct {
	Reference string // host:port/repository:tag
	ECR       bool   // with the credentials of the execution role; else with none
	Secure    bool   // by HTTPS
}

// Check refuses an image that can't be pulled from anywhere, and says of others whether
// they are ECR's.
func (s *Service) Check(ref string) (ecr bool, err error) {
	if _, err := s.ecr.Resolve(ref); err == nil {
		return true, nil
	}
	parsed, err := name.ParseReference(ref)
	if err != nil {
		return false, wire.Errorf("ClientException", "Container.image contains invalid characters.")
	}
	if s.files[parsed.Name()] != "" || s.through[parsed.Context().RegistryStr()] != nil {
		return false, nil
	}
	return false, wire.NotModelled("pulling %q: it isn't in the sandbox's ECR; give it a file: orgship sandbox --image %s=FILE (skopeo copy docker://%s oci-archive:FILE), "+
		"or a registry that has it: orgship sandbox --pull-through %s=https://%s", ref, ref, ref, parsed.Context().RegistryStr(), parsed.Context().RegistryStr())
}

// Resolve says from where to pull an image. One from a file is served from now on.
func (s *Service) Resolve(ctx context.Context, ref string) (Image, error) {
	if own, err := s.ecr.Resolve(ref); err == nil {
		return Image{Reference: own, ECR: true}, nil
	}
	if _, err := s.Check(ref); err != nil {
		return Image{}, err
	}
	parsed, err := name.ParseReference(ref)
	if err != nil {
		return Image{}, err
	}
	if path := s.files[parsed.Name()]; path != "" {
		return s.serve(ctx, parsed, path)
	}
	u := s.through[parsed.Context().RegistryStr()]
	return Image{Reference: moved(parsed, u.Host), Secure: u.Scheme == "https"}, nil
}

// moved is the same image at another registry.
func moved(ref name.Reference, host string) string {
	separator := ":"
	if _, digest := ref.(name.Digest); digest {
		separator = "@"
	}
	return host + "/" + ref.Context().RepositoryStr() + separator + ref.Identifier()
}

// serve puts an image from a file into a registry of its own on loopback.
func (s *Service) serve(ctx context.Context, ref name.Reference, path string) (Image, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.listen(); err != nil {
		return Image{}, err
	}
	at := moved(ref, s.host)
	if !s.served[at] {
		if err := s.put(ctx, at, path); err != nil {
			return Image{}, fmt.Errorf("reading image %s from %q: %w", ref, path, err)
		}
		s.served[at] = true
	}
	return Image{Reference: at}, nil
}

// listen starts the registry, once.
func (s *Service) listen() error {
	if s.server != nil {
		return nil
	}
	dir, err := os.MkdirTemp("", "orgship-images-")
	if err != nil {
		return fmt.Errorf("keeping images: %w", err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return errors.Join(fmt.Errorf("serving images: %w", err), os.RemoveAll(dir))
	}
	handler := registry.New(registry.WithBlobHandler(registry.NewDiskBlobHandler(dir)), registry.Logger(log.New(io.Discard, "", 0)))
	s.server, s.host, s.dir = &http.Server{Handler: handler, ReadHeaderTimeout: time.Minute}, l.Addr().String(), dir
	go func() { _ = s.server.Serve(l) }() // until Close
	return nil
}

func (s *Service) put(ctx context.Context, at, path string) error {
	ref, err := name.ParseReference(at, name.Insecure)
	if err != nil {
		return err
	}
	image, clean, err := load(path, filepath.Join(s.dir, "unpacked"))
	if err != nil {
		return err
	}
	defer clean()
	if image.index != nil {
		return remote.WriteIndex(ref, image.index, remote.WithContext(ctx))
	}
	return remote.Write(ref, image.image, remote.WithContext(ctx))
}

// Close ends the registry and removes what it kept.
func (s *Service) Close(context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.server == nil {
		return nil
	}
	return errors.Join(s.server.Close(), os.RemoveAll(s.dir))
}
