// Package s3 keeps objects in buckets, as far as templates and their like need it: whole
// objects, without versions, parts or policies of buckets. A bucket's own account has
// what its identities are allowed to; nobody else gets in.
//
// API: https://docs.aws.amazon.com/AmazonS3/latest/API/Welcome.html
package s3

import (
	"context"
	"crypto/md5" //nolint:gosec // an ETag is one
	"encoding/hex"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"orgship/sandbox/clock"
	"orgship/sandbox/iam"
	"orgship/sandbox/wire"
)

// Config is what the room needs.
type Config struct {
	Clock  clock.Clock
	Region string
	Auth   iam.Authorizer
	// Endpoint is the sandbox's own URL, below which buckets are found by their name.
	Endpoint func() string
}

// Service holds the buckets of all accounts: their names are everybody's.
type Service struct {
	cfg Config

	mu      sync.Mutex
	buckets map[string]*bucket
}

type bucket struct {
	name, account string
	created       time.Time
	objects       map[string]*object
}

type object struct {
	body        []byte
	etag        string
	contentType string
	at          time.Time
	meta        map[string]string // headers, as they were given
}

// New returns a room without buckets.
func New(c Config) *Service { return &Service{cfg: c, buckets: map[string]*bucket{}} }

// Bucket is what ListBuckets tells of a bucket.
type Bucket struct {
	Name    string
	Created time.Time
}

func failed(status int, code, format string, args ...any) error {
	e := wire.Errorf(code, format, args...)
	e.Status = status
	return e
}

func denied() error { return failed(403, "AccessDenied", "Access Denied") }

func noBucket() error { return failed(404, "NoSuchBucket", "The specified bucket does not exist") }

func noKey() error { return failed(404, "NoSuchKey", "The specified key does not exist.") }

// authorize asks whether the caller may. S3 tells little about why not.
func (s *Service) authorize(ctx context.Context, action, resource string) error {
	if s.cfg.Auth.Authorize(ctx, "s3:"+action, "arn:aws:s3:::"+resource) != nil {
		return denied()
	}
	return nil
}

// in finds a bucket of the caller's account. Bucket policies aren't modelled: other
// accounts have no way in.
func (s *Service) in(ctx context.Context, name string) (*bucket, error) {
	b := s.buckets[name]
	switch {
	case b == nil:
		return nil, noBucket()
	case b.account != iam.Caller(ctx).Account:
		return nil, denied()
	}
	return b, nil
}

// bucketName: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
var bucketName = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)

// CreateBucket makes a bucket in the one region that there is. Location is the region
// that the request names, "" for none.
func (s *Service) CreateBucket(ctx context.Context, name, location string) error {
	if !bucketName.MatchString(name) || strings.Contains(name, "..") {
		return failed(400, "InvalidBucketName", "The specified bucket is not valid.")
	}
	if location == "" {
		location = "us-east-1"
	}
	if location != s.cfg.Region {
		return failed(400, "IllegalLocationConstraintException", "The %s location constraint is incompatible for the region specific endpoint this request was sent to.", location)
	}
	if err := s.authorize(ctx, "CreateBucket", name); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if b := s.buckets[name]; b != nil {
		if b.account == iam.Caller(ctx).Account {
			return failed(409, "BucketAlreadyOwnedByYou", "Your previous request to create the named bucket succeeded and you already own it.")
		}
		return failed(409, "BucketAlreadyExists", "The requested bucket name is not available. The bucket namespace is shared by all users of the system. "+
			"Please select a different name and try again.")
	}
	s.buckets[name] = &bucket{name: name, account: iam.Caller(ctx).Account, created: s.cfg.Clock.Now(), objects: map[string]*object{}}
	return nil
}

// HeadBucket answers without an error where the caller may list the bucket.
func (s *Service) HeadBucket(ctx context.Context, name string) error {
	if err := s.authorize(ctx, "ListBucket", name); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	_, err := s.in(ctx, name)
	return err
}

// DeleteBucket removes a bucket that is empty.
func (s *Service) DeleteBucket(ctx context.Context, name string) error {
	if err := s.authorize(ctx, "DeleteBucket", name); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	b, err := s.in(ctx, name)
	switch {
	case err != nil:
		return err
	case len(b.objects) > 0:
		return failed(409, "BucketNotEmpty", "The bucket you tried to delete is not empty")
	}
	delete(s.buckets, name)
	return nil
}

// ListBuckets lists the caller's buckets by name.
func (s *Service) ListBuckets(ctx context.Context) ([]Bucket, error) {
	if err := s.authorize(ctx, "ListAllMyBuckets", "*"); err != nil {
		return nil, err
	}
	return s.of(iam.Caller(ctx).Account), nil
}

func (s *Service) of(account string) (all []Bucket) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, b := range s.buckets {
		if b.account == account {
			all = append(all, Bucket{b.name, b.created})
		}
	}
	slices.SortFunc(all, func(a, b Bucket) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// Inventory adds the account's buckets.
func (s *Service) Inventory(ctx context.Context, add func(kind, name string)) error {
	for _, b := range s.of(iam.Caller(ctx).Account) {
		add("s3:bucket", b.Name)
	}
	return nil
}

func (s *Service) put(ctx context.Context, bucket, key string, o *object) error {
	if err := s.authorize(ctx, "PutObject", bucket+"/"+key); err != nil {
		return err
	}
	if len(key) > 1024 {
		return failed(400, "KeyTooLongError", "Your key is too long")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	b, err := s.in(ctx, bucket)
	if err != nil {
		return err
	}
	sum := md5.Sum(o.body) //nolint:gosec // an ETag is one
	o.etag, o.at = `"`+hex.EncodeToString(sum[:])+`"`, s.cfg.Clock.Now()
	b.objects[key] = o
	return nil
}

func (s *Service) get(ctx context.Context, bucket, key string) (*object, error) {
	if err := s.authorize(ctx, "GetObject", bucket+"/"+key); err != nil {
		return nil, err
	}
	s.mu.Lock()
	b, err := s.in(ctx, bucket)
	if err != nil {
		s.mu.Unlock()
		return nil, err
	}
	o := b.objects[key]
	s.mu.Unlock()
	if o != nil {
		return o, nil
	}
	// Who may not list a bucket isn't told what isn't there.
	// https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
	if err := s.authorize(ctx, "ListBucket", bucket); err != nil {
		return nil, err
	}
	return nil, noKey()
}

func (s *Service) delete(ctx context.Context, bucket, key string) error {
	if err := s.authorize(ctx, "DeleteObject", bucket+"/"+key); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	b, err := s.in(ctx, bucket)
	if err == nil {
		delete(b.objects, key)
	}
	return err
}
