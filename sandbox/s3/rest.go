package s3

import (
	"context"
	"encoding/xml"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"orgship/sandbox/wire"
)

// Wire is the room as clients see it.
func (s *Service) Wire() wire.Service {
	out := wire.Service{
		Name: "s3", REST: s,
		Words: wire.Words{Throttled: &wire.Error{Code: "SlowDown", Message: "Please reduce your request rate.", Status: 503}},
	}
	for _, name := range slices.Sorted(maps.Values(operations())) {
		out.Operations = append(out.Operations, wire.Operation{Name: name})
	}
	return out
}

// operations are those that there are, by method, what the path names, and the
// parameter that tells them from others.
func operations() map[string]string {
	return map[string]string{
		"GET /":                 "ListBuckets",
		"PUT bucket":            "CreateBucket",
		"HEAD bucket":           "HeadBucket",
		"DELETE bucket":         "DeleteBucket",
		"GET bucket ?location":  "GetBucketLocation",
		"GET bucket ?list-type": "ListObjectsV2",
		"PUT object":            "PutObject",
		"GET object":            "GetObject",
		"HEAD object":           "HeadObject",
		"DELETE object":         "DeleteObject",
	}
}

// subresources are parameters that make another operation of a request.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations.html
func subresources() []string {
	return []string{
		"location", "list-type", "abac", "accelerate", "acl", "analytics", "annotation", "attributes", "cors", "delete", "encryption", "intelligent-tiering", "inventory", "legal-hold", "lifecycle",
		"logging", "metadataConfiguration", "metadataInventoryTable", "metadataJournalTable", "metadataTable", "metrics", "notification", "object-lock", "ownershipControls", "partNumber", "policy",
		"policyStatus", "publicAccessBlock", "renameObject", "replication", "requestPayment", "restore", "retention", "select", "session", "tagging", "torrent", "uploadId", "uploads", "versionId", "versioning",
		"versions", "website",
	}
}

// named splits a path into a bucket's name and a key, "" for none.
func named(u *url.URL) (bucket, key string) {
	bucket, key, _ = strings.Cut(strings.TrimPrefix(u.Path, "/"), "/")
	return bucket, key
}

// Operation implements [wire.REST].
func (s *Service) Operation(r *http.Request) string {
	bucket, key := named(r.URL)
	what := r.Method + " object"
	switch {
	case bucket == "":
		what = r.Method + " /"
	case key == "":
		what = r.Method + " bucket"
	}
	for _, name := range subresources() {
		if r.URL.Query().Has(name) {
			what += " ?" + name
		}
	}
	if r.Header.Get("X-Amz-Copy-Source") != "" {
		return ""
	}
	return operations()[what]
}

// Do implements [wire.REST].
func (s *Service) Do(ctx context.Context, operation string, w http.ResponseWriter, r *http.Request, body []byte) error {
	bucket, key := named(r.URL)
	if owner := r.Header.Get("X-Amz-Expected-Bucket-Owner"); owner != "" && !s.owned(bucket, owner) {
		return denied()
	}
	switch operation {
	case "ListBuckets":
		return s.listBuckets(ctx, w)
	case "CreateBucket":
		return s.createBucket(ctx, w, bucket, body)
	case "HeadBucket":
		w.Header().Set("X-Amz-Bucket-Region", s.cfg.Region)
		return s.HeadBucket(ctx, bucket)
	case "GetBucketLocation":
		return s.location(ctx, w, bucket)
	case "DeleteBucket":
		return done(w, s.DeleteBucket(ctx, bucket))
	case "ListObjectsV2":
		return s.listObjects(ctx, w, r, bucket)
	case "PutObject":
		return s.putObject(ctx, w, r, bucket, key, body)
	case "GetObject", "HeadObject":
		return s.getObject(ctx, w, r, bucket, key)
	case "DeleteObject":
		return done(w, s.delete(ctx, bucket, key))
	}
	return fmt.Errorf("no such operation: %s", operation)
}

func done(w http.ResponseWriter, err error) error {
	if err == nil {
		w.WriteHeader(http.StatusNoContent)
	}
	return err
}

func (s *Service) owned(bucket, account string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.buckets[bucket]
	return b == nil || b.account == account
}

// Fail implements [wire.REST].
func (s *Service) Fail(w http.ResponseWriter, r *http.Request, e *wire.Error, requestID string) {
	if r.Method == http.MethodHead { // has no body
		w.WriteHeader(e.HTTPStatus())
		return
	}
	answer(w, e.HTTPStatus(), struct {
		XMLName                            xml.Name `xml:"Error"`
		Code, Message, Resource, RequestId string
	}{Code: e.Code, Message: e.Message, Resource: r.URL.Path, RequestId: requestID})
}

func answer(w http.ResponseWriter, status int, v any) {
	body, err := xml.Marshal(v)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	_, _ = w.Write(append([]byte(xml.Header), body...)) // a client that has gone away is no error of ours
}

const namespace = "http://s3.amazonaws.com/doc/2006-03-01/"

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

func (s *Service) listBuckets(ctx context.Context, w http.ResponseWriter) error {
	all, err := s.ListBuckets(ctx)
	if err != nil {
		return err
	}
	type one struct{ Name, CreationDate, BucketRegion string }
	out := struct {
		XMLName xml.Name `xml:"ListAllMyBucketsResult"`
		Xmlns   string   `xml:"xmlns,attr"`
		Buckets []one    `xml:"Buckets>Bucket"`
	}{Xmlns: namespace}
	for _, b := range all {
		out.Buckets = append(out.Buckets, one{b.Name, stamp(b.Created), s.cfg.Region})
	}
	answer(w, http.StatusOK, out)
	return nil
}

func (s *Service) createBucket(ctx context.Context, w http.ResponseWriter, name string, body []byte) error {
	var in struct{ LocationConstraint string }
	if len(body) > 0 && xml.Unmarshal(body, &in) != nil {
		return failed(400, "MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema")
	}
	if err := s.CreateBucket(ctx, name, in.LocationConstraint); err != nil {
		return err
	}
	w.Header().Set("Location", "/"+name)
	return nil
}

func (s *Service) location(ctx context.Context, w http.ResponseWriter, name string) error {
	if err := s.authorize(ctx, "GetBucketLocation", name); err != nil {
		return err
	}
	s.mu.Lock()
	_, err := s.in(ctx, name)
	s.mu.Unlock()
	if err != nil {
		return err
	}
	region := s.cfg.Region
	if region == "us-east-1" {
		region = ""
	}
	answer(w, http.StatusOK, struct {
		XMLName xml.Name `xml:"LocationConstraint"`
		Xmlns   string   `xml:"xmlns,attr"`
		Region  string   `xml:",chardata"`
	}{Xmlns: namespace, Region: region})
	return nil
}

// putObject keeps an object. A conditional one (If-None-Match: *) isn't modelled.
func (s *Service) putObject(ctx context.Context, w http.ResponseWriter, r *http.Request, bucket, key string, body []byte) error {
	for _, name := range []string{"If-Match", "If-None-Match", "X-Amz-Server-Side-Encryption-Customer-Algorithm", "X-Amz-Acl", "X-Amz-Tagging", "X-Amz-Write-Offset-Bytes"} {
		if r.Header.Get(name) != "" {
			return wire.NotModelled("the header %s of s3:PutObject", name)
		}
	}
	if sum := r.Header.Get("X-Amz-Content-Sha256"); strings.HasPrefix(sum, "STREAMING-") {
		return wire.NotModelled("uploads in signed chunks (%s)", sum)
	}
	o := &object{body: body, contentType: r.Header.Get("Content-Type"), meta: map[string]string{}}
	for name := range r.Header {
		if strings.HasPrefix(name, "X-Amz-Meta-") {
			o.meta[name] = r.Header.Get(name)
		}
	}
	if err := s.put(ctx, bucket, key, o); err != nil {
		return err
	}
	w.Header().Set("ETag", o.etag)
	w.Header().Set("X-Amz-Server-Side-Encryption", "AES256")
	return nil
}

func (s *Service) getObject(ctx context.Context, w http.ResponseWriter, r *http.Request, bucket, key string) error {
	o, err := s.get(ctx, bucket, key)
	if err != nil {
		return err
	}
	for name, value := range o.meta {
		w.Header().Set(name, value)
	}
	w.Header().Set("ETag", o.etag)
	contentType := o.contentType
	if contentType == "" {
		contentType = "binary/octet-stream"
	}
	w.Header().Set("Content-Type", contentType)
	http.ServeContent(w, r, "", o.at, strings.NewReader(string(o.body))) // ranges and conditions
	return nil
}

// listObjects lists the keys of a bucket, in their order.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
func (s *Service) listObjects(ctx context.Context, w http.ResponseWriter, r *http.Request, bucket string) error {
	if err := s.authorize(ctx, "ListBucket", bucket); err != nil {
		return err
	}
	query := r.URL.Query()
	most := 1000
	if text := query.Get("max-keys"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 {
			return failed(400, "InvalidArgument", "Provided max-keys not an integer or within integer range")
		}
		most = min(n, most)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	b, err := s.in(ctx, bucket)
	if err != nil {
		return err
	}
	answer(w, http.StatusOK, b.page(query, most))
	return nil
}

// listing is the answer of ListObjectsV2.
type listing struct {
	XMLName                                  xml.Name `xml:"ListBucketResult"`
	Xmlns                                    string   `xml:"xmlns,attr"`
	Name, Prefix                             string
	Delimiter, StartAfter, EncodingType      string `xml:",omitempty"`
	ContinuationToken, NextContinuationToken string `xml:",omitempty"`
	KeyCount, MaxKeys                        int
	IsTruncated                              bool
	Contents                                 []entry
	CommonPrefixes                           []prefix
}

type entry struct {
	Key, LastModified, ETag string
	Size                    int
	StorageClass            string
}

type prefix struct{ Prefix string }

// page is a page of keys, behind the one that the token or the start names.
func (b *bucket) page(query url.Values, most int) listing {
	spell := func(key string) string { return key }
	if query.Get("encoding-type") == "url" {
		spell = func(key string) string { return strings.ReplaceAll(url.QueryEscape(key), "%2F", "/") }
	}
	out := listing{
		Xmlns: namespace, Name: b.name, Prefix: spell(query.Get("prefix")), Delimiter: spell(query.Get("delimiter")), StartAfter: spell(query.Get("start-after")),
		EncodingType: query.Get("encoding-type"), ContinuationToken: query.Get("continuation-token"), MaxKeys: most,
	}
	after := max(query.Get("start-after"), query.Get("continuation-token"))
	last, begun := "", query.Get("prefix")
	for _, key := range slices.Sorted(maps.Keys(b.objects)) {
		rest, in := strings.CutPrefix(key, begun)
		common := ""
		if d := query.Get("delimiter"); d != "" && strings.Contains(rest, d) {
			before, _, _ := strings.Cut(rest, d)
			common = begun + before + d
		}
		switch {
		case !in, key <= after, common != "" && (common <= after || common == last):
			continue
		case out.KeyCount == most:
			out.IsTruncated, out.NextContinuationToken = most > 0, last
			return out
		case common != "":
			last = common
			out.CommonPrefixes = append(out.CommonPrefixes, prefix{spell(common)})
		default:
			last = key
			o := b.objects[key]
			out.Contents = append(out.Contents, entry{spell(key), stamp(o.at), o.etag, len(o.body), "STANDARD"})
		}
		out.KeyCount++
	}
	return out
}
