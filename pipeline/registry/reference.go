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
var ecrHost = regexp.MustCompile(`^([0-9]{12})\.dkr[.-]ecr(?:-fips)?\.([a-z0-9-]+)\.(amazonaws\.com(\.cn)?|on\.(aws|amazonwebservices\.com\.cn))$`)

var (
	accountID = regexp.MustCompile(`^[0-9]{12}$`)
	validTag  = regexp.MustCompile(`^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$`) // of registries; ECR's own API takes up to 300
	sha256    = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)
)

// Reference is a repository in ECR, or an image in it.
type Reference struct {
	Account string // that owns the repository, 12 digits
	Region  string // "" in the sandbox's form, which doesn't say it
	Name    string // of the repository
	Tag     string // "" without one
	Digest  string // sha256:…, "" without one

	repository name.Repository
}

// Parse reads a repository's URI with or without :tag and @digest, in ECR's
// form (https) or in the sandbox's, <host:port>/<account>/<name> (http).
func Parse(reference string) (Reference, error) {
	rest, digest, _ := strings.Cut(reference, "@")
	host, path, _ := strings.Cut(rest, "/")
	path, tag, _ := strings.Cut(path, ":")
	p := Reference{Name: path, Tag: tag, Digest: digest}
	options := []name.Option{name.StrictValidation}
	if m := ecrHost.FindStringSubmatch(host); m != nil {
		p.Account, p.Region = m[1], m[2]
	} else {
		p.Account, p.Name, _ = strings.Cut(path, "/")
		options = append(options, name.Insecure)
	}
	if host == "" || p.Name == "" || !accountID.MatchString(p.Account) || !p.wellFormed() {
		return Reference{}, notECR(reference)
	}
	repository, err := name.NewRepository(host+"/"+path, options...)
	if err != nil {
		return Reference{}, notECR(reference)
	}
	p.repository = repository
	return p, nil
}

func (p Reference) wellFormed() bool {
	return (p.Digest == "" || sha256.MatchString(p.Digest)) && (p.Tag == "" || validTag.MatchString(p.Tag))
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
func (p Reference) String() string {
	switch {
	case p.Digest != "":
		return p.repository.Name() + "@" + p.Digest
	case p.Tag != "":
		return p.repository.Name() + ":" + p.Tag
	}
	return p.repository.Name()
}

// reference returns the image's reference as go-containerregistry has it.
func (p Reference) reference() name.Reference {
	if p.Digest != "" {
		return p.repository.Digest(p.Digest)
	}
	return p.repository.Tag(p.Tag)
}
