package registry

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
)

// ecrHost is the host of an account's registry, in any partition, dual stack
// and FIPS forms included.
// https://docs.aws.amazon.com/AmazonECR/latest/userguide/Registries.html
var ecrHost = regexp.MustCompile(`^([0-9]{12})\.dkr[.-]ecr(-fips)?\.[a-z0-9-]+\.(amazonaws\.com(\.cn)?|on\.(aws|amazonwebservices\.com\.cn))$`)

var (
	accountID = regexp.MustCompile(`^[0-9]{12}$`)
	validTag  = regexp.MustCompile(`^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$`) // of registries; ECR's own API takes up to 300
	sha256    = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)
)

// place is a repository, or an image in it, taken apart.
type place struct {
	repository name.Repository
	host       string
	account    string
	name       string
	tag        string
	digest     string
}

// parse reads a repository's URI with or without :tag and @digest, in ECR's
// form (https) or in the sandbox's, <host:port>/<account>/<name> (http).
func parse(reference string) (place, error) {
	rest, digest, _ := strings.Cut(reference, "@")
	host, path, _ := strings.Cut(rest, "/")
	path, tag, _ := strings.Cut(path, ":")
	p := place{host: host, name: path, tag: tag, digest: digest}
	options := []name.Option{name.StrictValidation}
	if m := ecrHost.FindStringSubmatch(host); m != nil {
		p.account = m[1]
	} else {
		p.account, p.name, _ = strings.Cut(path, "/")
		options = append(options, name.Insecure)
	}
	if host == "" || p.name == "" || !accountID.MatchString(p.account) || !p.wellFormed() {
		return place{}, notECR(reference)
	}
	repository, err := name.NewRepository(host+"/"+path, options...)
	if err != nil {
		return place{}, notECR(reference)
	}
	p.repository = repository
	return p, nil
}

func (p place) wellFormed() bool {
	return (p.digest == "" || sha256.MatchString(p.digest)) && (p.tag == "" || validTag.MatchString(p.tag))
}

func notECR(reference string) error {
	return &hinted{
		fmt.Errorf("%q is not an image or a repository in ECR", reference),
		"the form is <account>.dkr.ecr.<region>.amazonaws.com/<repository>, with :tag or @sha256:… for an image; of the sandbox <host:port>/<account>/<repository>",
	}
}

func noTag(reference string) error {
	return &hinted{fmt.Errorf("%q names no image", reference), "add :tag or @sha256:…"}
}

// String returns the image's reference, by digest when it has one.
func (p place) String() string {
	switch {
	case p.digest != "":
		return p.repository.Name() + "@" + p.digest
	case p.tag != "":
		return p.repository.Name() + ":" + p.tag
	}
	return p.repository.Name()
}

// reference returns the image's reference as go-containerregistry has it.
func (p place) reference() name.Reference {
	if p.digest != "" {
		return p.repository.Digest(p.digest)
	}
	return p.repository.Tag(p.tag)
}
