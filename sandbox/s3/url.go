package s3

import (
	"context"
	"net/url"
	"strings"
)

// Object returns what a URL of an object stands for, as the caller may read it: below
// the sandbox's own endpoint, or as AWS's Regions have it.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html
//
// It returns ok false for a URL that is none of an object.
func (s *Service) Object(ctx context.Context, text string) (body []byte, ok bool, err error) {
	bucket, key := s.split(text)
	if bucket == "" || key == "" {
		return nil, false, nil
	}
	o, err := s.get(ctx, bucket, key)
	if err != nil {
		return nil, true, err
	}
	return o.body, true, nil
}

func (s *Service) split(text string) (bucket, key string) {
	u, err := url.Parse(text)
	if err != nil {
		return "", ""
	}
	own, err := url.Parse(s.cfg.Endpoint())
	if err == nil && u.Host == own.Host {
		return named(u)
	}
	host, aws := strings.CutSuffix(u.Host, ".amazonaws.com")
	if u.Scheme != "https" || !aws {
		return "", ""
	}
	for _, regional := range []string{"s3", "s3." + s.cfg.Region, "s3-" + s.cfg.Region} {
		if host == regional {
			return named(u)
		}
		if name, virtual := strings.CutSuffix(host, "."+regional); virtual {
			return name, strings.TrimPrefix(u.Path, "/")
		}
	}
	return "", ""
}
