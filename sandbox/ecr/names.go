package ecr

import (
	"context"
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"orgship/sandbox/iam"
	"orgship/sandbox/wire"
)

// Patterns of names, as the API reference gives them:
// https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_CreateRepository.html
// https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_ImageIdentifier.html
const (
	namePattern   = `(?:[a-z0-9]+(?:[._-][a-z0-9]+)*/)*[a-z0-9]+(?:[._-][a-z0-9]+)*`
	digestPattern = `[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+`
	tagPattern    = `[a-zA-Z0-9_][a-zA-Z0-9._-]*`
)

var (
	validName    = regexp.MustCompile(`^` + namePattern + `$`)
	validAccount = regexp.MustCompile(`^[0-9]{12}$`)
	validDigest  = regexp.MustCompile(`^sha256:[a-f0-9]{64}$`)
	validTag     = regexp.MustCompile(`^` + tagPattern + `$`)
)

// checkName refuses a repository name outside ECR's pattern and 2–256 characters.
func checkName(name string) error {
	if n := len(name); n < 2 || n > 256 {
		return invalid("repositoryName", "must have length between 2 and 256")
	}
	if !validName.MatchString(name) {
		return invalid("repositoryName", "must satisfy regular expression '%s'", namePattern)
	}
	return nil
}

// checkTag refuses an image tag outside ECR's pattern and 1–300 characters.
func checkTag(tag string) error {
	if len(tag) > 300 || !validTag.MatchString(tag) {
		return invalid("imageTag", "must satisfy regular expression '%s' and have length between 1 and 300", tagPattern)
	}
	return nil
}

// registry returns the account whose registry a request means: the caller's,
// unless it names another.
func registry(ctx context.Context, id *string) (string, error) {
	if id == nil {
		return iam.Caller(ctx).Account, nil
	}
	if !validAccount.MatchString(*id) {
		return "", invalid("registryId", "must satisfy regular expression '[0-9]{12}'")
	}
	return *id, nil
}

func (s *Service) arn(account, name string) string {
	return "arn:aws:ecr:" + s.cfg.Region + ":" + account + ":repository/" + name
}

// parseARN returns the account and name of a repository's ARN.
func (s *Service) parseARN(arn *string) (account, name string, err error) {
	p := strings.SplitN(aws.ToString(arn), ":", 6)
	if len(p) != 6 || p[0] != "arn" || p[2] != "ecr" || p[3] != s.cfg.Region || !validAccount.MatchString(p[4]) {
		return "", "", invalid("resourceArn", "Invalid ARN")
	}
	name, ok := strings.CutPrefix(p[5], "repository/")
	if !ok {
		return "", "", invalid("resourceArn", "Invalid ARN")
	}
	return p[4], name, nil
}

// uri is where clients push to and pull from.
func (s *Service) uri(account, name string) string {
	return s.cfg.Endpoint() + "/" + account + "/" + name
}

// Resolve turns an image reference into the form in which this sandbox serves
// it. It takes ECR's own form, <account>.dkr.ecr.<region>.amazonaws.com/repo,
// and the sandbox's, <host:port>/<account>/repo, each with :tag, @digest or
// both; anything else is refused, for tasks pull from the sandbox's ECR only.
func (s *Service) Resolve(ref string) (string, error) {
	host, path, ok := strings.Cut(ref, "/")
	if !ok {
		return "", s.notOurs(ref)
	}
	if host != s.cfg.Endpoint() {
		account, rest, _ := strings.Cut(host, ".")
		if rest != "dkr.ecr."+s.cfg.Region+".amazonaws.com" {
			return "", s.notOurs(ref)
		}
		path = account + "/" + path
	}
	account, repo, ok := strings.Cut(path, "/")
	name, _, _ := strings.Cut(repo, "@")
	name, _, _ = strings.Cut(name, ":")
	if !ok || !validAccount.MatchString(account) || checkName(name) != nil {
		return "", s.notOurs(ref)
	}
	return s.cfg.Endpoint() + "/" + path, nil
}

func (s *Service) notOurs(ref string) error {
	return wire.NotModelled("pulling %q: tasks pull from the sandbox's ECR only, by %s/<account>/<repository> or <account>.dkr.ecr.%s.amazonaws.com/<repository>",
		ref, s.cfg.Endpoint(), s.cfg.Region)
}
