package ecr_test

import (
	"bytes"
	"encoding/json"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/random"

	"orgship/sandbox/ecr"
	"orgship/sandbox/iam"
	"orgship/sandbox/wire"
)

// stage is ECR and IAM behind one endpoint, for clients nobody here wrote.
type stage struct {
	t    *testing.T
	ecr  *ecr.Service
	host string
	home string // of the clients: no configuration of this machine's user
}

// paths places accounts in an organization.
type paths map[string]string

func (p paths) OrgPath(account string) (string, bool) {
	path, ok := p[account]
	return path, ok
}

const (
	child = "444444444444"
	prod  = "555555555555"
)

func newStage(t *testing.T, programs ...string) *stage {
	t.Helper()
	for _, p := range programs {
		if _, err := exec.LookPath(p); err != nil {
			t.Skipf("SKIP: %s is not on the PATH", p)
		}
	}
	users := iam.New(iam.Config{Region: region, Organization: paths{
		owner: "o-sandbox001/r-sbox/ou-sbox-shared01/", dev: "o-sandbox001/r-sbox/ou-sbox-dev00001/",
		child: "o-sandbox001/r-sbox/ou-sbox-dev00001/ou-sbox-teama001/", prod: "o-sandbox001/r-sbox/ou-sbox-prod0001/",
	}})
	const all = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`
	for _, account := range []string{owner, dev, child, prod} {
		if err := users.AddUser(account, "admin", "AKIA"+account, "secret", all); err != nil {
			t.Fatal(err)
		}
	}
	s := &stage{t: t, home: t.TempDir()}
	s.ecr = ecr.New(ecr.Config{Region: region, Auth: users, Dir: t.TempDir(), Endpoint: func() string { return s.host }})
	handler, err := wire.New(wire.Config{Region: region, Keys: users, Registry: s.ecr.Registry()}, s.ecr.Wire())
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(handler)
	s.host = server.Listener.Addr().String()
	server.Start()
	t.Cleanup(func() {
		server.Close()
		if err := s.ecr.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// run runs a program as an account's admin and returns what it prints.
func (s *stage) run(account, program string, args ...string) (stdout, stderr string, err error) {
	cmd := exec.Command(program, args...)
	cmd.Env = append(os.Environ(),
		"AWS_ENDPOINT_URL=http://"+s.host, "AWS_ACCESS_KEY_ID=AKIA"+account, "AWS_SECRET_ACCESS_KEY=secret", "AWS_SESSION_TOKEN=",
		"AWS_REGION="+region, "AWS_DEFAULT_REGION="+region, "AWS_MAX_ATTEMPTS=1", "AWS_PAGER=", "AWS_DEFAULT_OUTPUT=json",
		"AWS_CONFIG_FILE="+os.DevNull, "AWS_SHARED_CREDENTIALS_FILE="+os.DevNull, "HOME="+s.home, "XDG_RUNTIME_DIR="+s.home,
	)
	var out, errs strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &errs
	err = cmd.Run()
	return out.String(), errs.String(), err
}

// ok runs a program that has to succeed.
func (s *stage) ok(account, program string, args ...string) string {
	s.t.Helper()
	stdout, stderr, err := s.run(account, program, args...)
	if err != nil {
		s.t.Fatalf("%s %s: %v\n%s%s", program, strings.Join(args, " "), err, stdout, stderr)
	}
	return stdout
}

// aws runs "aws ecr" as the owner and returns its answer, parsed.
func (s *stage) aws(args ...string) map[string]any {
	s.t.Helper()
	var out map[string]any
	if text := s.ok(owner, "aws", append([]string{"ecr"}, args...)...); text != "" {
		if err := json.Unmarshal([]byte(text), &out); err != nil {
			s.t.Fatalf("aws ecr %v: %v\n%s", args, err, text)
		}
	}
	return out
}

// refused runs a program that has to fail with a text.
func (s *stage) refused(want, account, program string, args ...string) {
	s.t.Helper()
	stdout, stderr, err := s.run(account, program, args...)
	if err == nil || !strings.Contains(stderr, want) {
		s.t.Errorf("%s %s: got %v\n%s%s\nwant …%s…", program, strings.Join(args, " "), err, stdout, stderr, want)
	}
}

// creds is skopeo's login as an account's admin.
func (s *stage) creds(account string) string {
	s.t.Helper()
	if account == owner {
		return "AWS:" + strings.TrimSpace(s.ok(account, "aws", "ecr", "get-login-password"))
	}
	token := login(s.t, s.ecr, account) // the same, and a second faster
	return token.Username + ":" + token.Password
}

// ociLayout writes an image and an index into a directory, for skopeo to read.
func ociLayout(t *testing.T) (dir string, img v1.Image, idx v1.ImageIndex) {
	t.Helper()
	dir = t.TempDir()
	img = randomImage(t)
	idx, err := random.Index(1024, 2, 2)
	if err != nil {
		t.Fatal(err)
	}
	for sub, write := range map[string]func(layout.Path) error{
		"image": func(p layout.Path) error { return p.AppendImage(img) },
		"index": func(p layout.Path) error { return p.AppendIndex(idx) },
	} {
		p, err := layout.Write(filepath.Join(dir, sub), empty.Index)
		if err == nil {
			err = write(p)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir, img, idx
}

func TestAWSCLI(t *testing.T) {
	t.Parallel()
	s := newStage(t, "aws", "skopeo")
	created := s.aws("create-repository", "--repository-name", "team/app", "--image-tag-mutability", "IMMUTABLE",
		"--image-scanning-configuration", "scanOnPush=true", "--encryption-configuration", "encryptionType=KMS,kmsKey=alias/k", "--tags", "Key=a,Value=1")
	uri := created["repository"].(map[string]any)["repositoryUri"].(string)
	arn := created["repository"].(map[string]any)["repositoryArn"].(string)
	dir, img, _ := ociLayout(t)
	s.ok(owner, "skopeo", "copy", "--dest-tls-verify=false", "--dest-creds", s.creds(owner), "oci:"+dir+"/image", "docker://"+uri+":1.0")

	name := []string{"--repository-name", "team/app"}
	for _, args := range [][]string{
		{"describe-repositories"}, append([]string{"describe-repositories"}, "--repository-names", "team/app", "--registry-id", owner),
		append([]string{"set-repository-policy", "--policy-text", pullPolicy}, name...), append([]string{"get-repository-policy"}, name...), append([]string{"delete-repository-policy"}, name...),
		append([]string{"put-lifecycle-policy", "--lifecycle-policy-text", `{"rules":[{"rulePriority":1,"selection":{"tagStatus":"any","countType":"imageCountMoreThan","countNumber":9},"action":{"type":"expire"}}]}`}, name...),
		append([]string{"get-lifecycle-policy"}, name...), append([]string{"delete-lifecycle-policy"}, name...),
		append([]string{"put-image-scanning-configuration", "--image-scanning-configuration", "scanOnPush=false"}, name...),
		append([]string{"put-image-tag-mutability", "--image-tag-mutability", "MUTABLE"}, name...),
		{"tag-resource", "--resource-arn", arn, "--tags", "Key=b,Value=2"}, {"untag-resource", "--resource-arn", arn, "--tag-keys", "a"}, {"list-tags-for-resource", "--resource-arn", arn},
		{"get-authorization-token"},
	} {
		s.aws(args...)
	}
	images := s.aws(append([]string{"describe-images", "--image-ids", "imageTag=1.0", "--query", "imageDetails[0].{d:imageDigest,t:imageTags}"}, name...)...)
	if images["d"] != digestOf(t, img) {
		t.Errorf("describe-images: got %v", images)
	}
	manifest := s.aws(append([]string{"batch-get-image", "--image-ids", "imageTag=1.0", "--query", "images[0]"}, name...)...)["imageManifest"].(string)
	s.aws(append([]string{"put-image", "--image-tag", "stable", "--image-manifest", manifest}, name...)...)
	listed := s.aws(append([]string{"list-images", "--filter", "tagStatus=TAGGED", "--page-size", "1"}, name...)...)
	if ids := listed["imageIds"].([]any); len(ids) != 2 {
		t.Errorf("list-images: got %v", listed)
	}
	s.refused("(ScanNotFoundException)", owner, "aws", append([]string{"ecr", "describe-image-scan-findings", "--image-id", "imageTag=1.0"}, name...)...)
	s.refused("(RepositoryNotEmptyException)", owner, "aws", append([]string{"ecr", "delete-repository"}, name...)...)
	s.refused("(AccessDeniedException) when calling the DescribeImages operation: User: arn:aws:iam::222222222222:user/admin is not authorized to perform: ecr:DescribeImages on resource: "+arn,
		dev, "aws", append([]string{"ecr", "describe-images", "--registry-id", owner}, name...)...)
	s.refused("(NotModelled) when calling the StartImageScan operation: the orgship sandbox does not model ecr:StartImageScan",
		owner, "aws", append([]string{"ecr", "start-image-scan", "--image-id", "imageTag=1.0"}, name...)...)
	s.aws(append([]string{"batch-delete-image", "--image-ids", "imageTag=1.0", "imageTag=stable"}, name...)...)
	s.aws(append([]string{"delete-repository"}, name...)...)
}

func TestSkopeo(t *testing.T) {
	t.Parallel()
	s := newStage(t, "aws", "skopeo")
	for _, name := range []string{"app", "copy"} {
		s.aws("create-repository", "--repository-name", name, "--image-tag-mutability", "IMMUTABLE")
	}
	dir, img, idx := ociLayout(t)
	creds := s.creds(owner)
	app := "docker://" + s.host + "/" + owner + "/app"
	push := func(from, to string) []string {
		return []string{"copy", "--all", "--dest-tls-verify=false", "--dest-creds", creds, from, to}
	}
	s.ok(owner, "skopeo", push("oci:"+dir+"/image", app+":1.0")...)
	s.ok(owner, "skopeo", push("oci:"+dir+"/image", app+":1.0")...) // the same again
	s.ok(owner, "skopeo", push("oci:"+dir+"/index", app+":multi")...)
	if got := s.ok(owner, "skopeo", "inspect", "--tls-verify=false", "--creds", creds, "--format", "{{.Digest}}", app+":1.0"); strings.TrimSpace(got) != digestOf(t, img) {
		t.Errorf("inspect: got %s, want %s", got, digestOf(t, img))
	}
	if got := s.ok(owner, "skopeo", "list-tags", "--tls-verify=false", "--creds", creds, app); !strings.Contains(got, `"multi"`) {
		t.Errorf("list-tags: got %s", got)
	}
	s.ok(owner, "skopeo", "copy", "--all", "--src-tls-verify=false", "--dest-tls-verify=false", "--src-creds", creds, "--dest-creds", creds,
		app+"@"+digestOf(t, idx), "docker://"+s.host+"/"+owner+"/copy:multi")
	s.ok(owner, "skopeo", "copy", "--src-tls-verify=false", "--src-creds", creds, app+"@"+digestOf(t, img), "dir:"+dir+"/back")
	raw, err := os.ReadFile(filepath.Join(dir, "back", "manifest.json"))
	if err != nil {
		t.Fatal(err)
	}
	if got, _, _ := v1.SHA256(bytes.NewReader(raw)); got.String() != digestOf(t, img) {
		t.Errorf("pulled by digest: got %s, want %s", got, digestOf(t, img))
	}

	other, _, _ := ociLayout(t)
	s.refused("tag invalid: The image tag '1.0' already exists in the 'app' repository and cannot be overwritten because the repository is immutable.",
		owner, "skopeo", push("oci:"+other+"/image", app+":1.0")...)
	s.refused("name unknown: The repository with name 'nope' does not exist in the registry with id '111111111111'",
		owner, "skopeo", "inspect", "--tls-verify=false", "--creds", creds, "docker://"+s.host+"/"+owner+"/nope:1")
	s.refused("manifest unknown: Requested image not found", owner, "skopeo", "inspect", "--tls-verify=false", "--creds", creds, app+":2.0")
	s.refused("unauthorized", owner, "skopeo", "inspect", "--tls-verify=false", "--no-creds", app+":1.0")
	s.ecr.ExpireTokens()
	s.refused("Your authorization token has expired. Reauthenticate and try again.", owner, "skopeo", "inspect", "--tls-verify=false", "--creds", creds, app+":1.0")
}

func TestOrgPathDecidesWhoPulls(t *testing.T) {
	t.Parallel()
	s := newStage(t, "aws", "skopeo")
	s.aws("create-repository", "--repository-name", "app")
	s.aws("set-repository-policy", "--repository-name", "app", "--policy-text", `{"Version":"2012-10-17","Statement":[{
		"Effect":"Allow","Principal":"*",
		"Action":["ecr:BatchCheckLayerAvailability","ecr:BatchGetImage","ecr:DescribeImages","ecr:DescribeRepositories","ecr:GetDownloadUrlForLayer"],
		"Condition":{"ForAnyValue:StringLike":{"aws:PrincipalOrgPaths":"o-sandbox001/*/ou-sbox-dev00001/*"}}}]}`)
	dir, img, _ := ociLayout(t)
	uri := "docker://" + s.host + "/" + owner + "/app"
	s.ok(owner, "skopeo", "copy", "--dest-tls-verify=false", "--dest-creds", s.creds(owner), "oci:"+dir+"/image", uri+":1")
	for _, account := range []string{dev, child} {
		s.ok(account, "skopeo", "copy", "--src-tls-verify=false", "--src-creds", s.creds(account), uri+"@"+digestOf(t, img), "dir:"+t.TempDir())
	}
	s.refused("denied: User: arn:aws:iam::555555555555:user/admin is not authorized to perform: ecr:BatchGetImage on resource: arn:aws:ecr:eu-west-1:111111111111:repository/app because no resource-based policy allows the ecr:BatchGetImage action",
		prod, "skopeo", "copy", "--src-tls-verify=false", "--src-creds", s.creds(prod), uri+"@"+digestOf(t, img), "dir:"+t.TempDir())
	s.refused("ecr:InitiateLayerUpload", dev, "skopeo", "copy", "--dest-tls-verify=false", "--dest-creds", s.creds(dev), "oci:"+dir+"/index", uri+":2")
}
