package sandbox_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"orgship/sandbox"
	"orgship/sandbox/wire"
)

// model is a service as botocore describes it.
type model struct {
	Operations map[string]struct {
		Input  struct{ Shape string }
		Errors []struct{ Shape string }
	}
	Shapes map[string]*modelShape
}

type modelShape struct {
	Type       string
	Members    map[string]member
	Required   []string
	Enum       []string
	Min, Max   *float64
	Pattern    string
	Member     member // of a list
	Key, Value member // of a map
	Error      struct{ Code string }
}

type member struct {
	Shape, LocationName, QueryName string
	Flattened                      bool
}

// modelNames are botocore's names of services whose signing names differ.
var modelNames = map[string]string{"elasticloadbalancing": "elbv2", "monitoring": "cloudwatch"}

// readModel reads the newest model of a service.
func readModel(t *testing.T, data, service string) *model {
	t.Helper()
	if other, ok := modelNames[service]; ok {
		service = other
	}
	files, err := filepath.Glob(filepath.Join(data, service, "*", "service-2.json.gz"))
	if err != nil || len(files) == 0 {
		t.Fatalf("botocore has no model of %s: %v", service, err)
	}
	file, err := os.Open(slices.Max(files))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	unzipped, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	m := &model{}
	if err := json.NewDecoder(unzipped).Decode(m); err != nil {
		t.Fatal(err)
	}
	return m
}

// botocore returns the folder of its models.
func botocore(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("python3", "-c", "import botocore, os; print(os.path.dirname(botocore.__file__))").Output()
	data := filepath.Join(strings.TrimSpace(string(out)), "data")
	if files, globbed := filepath.Glob(filepath.Join(data, "ecs", "*", "service-2.json.gz")); err != nil || globbed != nil || len(files) == 0 {
		t.Skip("SKIP: python3 has no botocore with its models here")
	}
	return data
}

// TestModels holds every operation against AWS's own model of it: whatever a request
// lacks or exaggerates, the answer is an error that the model declares, and never a
// success.
func TestModels(t *testing.T) {
	t.Parallel()
	data := botocore(t)
	w := newWorld(t, sandbox.Options{})
	cases := 0
	for _, s := range w.Services() {
		if s.Protocol != wire.Query && s.Protocol != wire.EC2Query && s.Protocol != wire.JSON11 {
			continue
		}
		m := readModel(t, data, s.Name)
		for _, op := range s.Operations {
			for what, input := range m.wrong(op.Name) {
				cases++
				status, code := w.send(s, op.Name, input)
				declared := slices.Contains(m.codes(op.Name), code) || s.Protocol == wire.EC2Query || strings.Contains(commonErrors, " "+code+" ")
				if status == http.StatusOK || status >= 500 || !declared {
					t.Errorf("%s:%s, %s: %d %s", s.Name, op.Name, what, status, code)
				}
			}
		}
	}
	if t.Logf("%d requests", cases); cases < 1000 {
		t.Error("fewer than 1000 requests: the models weren't read")
	}
}

// commonErrors: https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html
// and what the sandbox says in its own name.
const commonErrors = " NotModelled ValidationError ValidationException SerializationException AccessDenied AccessDeniedException InvalidParameterValue MissingParameter MalformedQueryString "

func (m *model) codes(operation string) []string {
	var codes []string
	for _, e := range m.Operations[operation].Errors {
		codes = append(codes, e.Shape)
		if s := m.Shapes[e.Shape]; s != nil && s.Error.Code != "" {
			codes = append(codes, s.Error.Code)
		}
	}
	return codes
}

// wrong returns inputs that the model doesn't allow, by what is wrong with them. A
// plausible rest names things that aren't there.
func (m *model) wrong(operation string) map[string]map[string]any {
	shape := m.Shapes[m.Operations[operation].Input.Shape]
	if shape == nil {
		return nil
	}
	inputs := map[string]map[string]any{}
	plausible := m.plausible(shape, 0).(map[string]any)
	for _, name := range shape.Required {
		rest := maps.Clone(plausible)
		delete(rest, name)
		inputs["without "+name] = rest
	}
	for name, of := range shape.Members {
		for what, value := range m.bad(name, of) {
			changed := maps.Clone(plausible)
			changed[name] = value
			inputs[name+" "+what] = changed
		}
	}
	return inputs
}

// plausible is a value that the model allows.
func (m *model) plausible(s *modelShape, depth int) any {
	switch s.Type {
	case "structure":
		value := map[string]any{}
		for _, name := range s.Required {
			if depth < 6 {
				value[name] = m.plausible(m.Shapes[s.Members[name].Shape], depth+1)
			}
		}
		return value
	case "list":
		return []any{m.plausible(m.Shapes[s.Member.Shape], depth+1)}
	case "map":
		return map[string]any{"a": m.plausible(m.Shapes[s.Value.Shape], depth+1)}
	case "integer", "long", "float", "double":
		if s.Min != nil {
			return *s.Min
		}
		return 1.0
	case "boolean":
		return true
	}
	if len(s.Enum) > 0 {
		return s.Enum[0]
	}
	return s.text("nobody-has-this")
}

// text lengthens a text to the shape's least length and, where its pattern wants
// another one, gives one that fits more of AWS's patterns.
func (s *modelShape) text(text string) string {
	for _, candidate := range []string{text, "222222222222", "arn:aws:iam::222222222222:role/nobody", "ou-sbox-nobody01", "sha256:" + strings.Repeat("0", 64), "r-nobo", "us-east-1", "/"} {
		if s.Min != nil {
			candidate += strings.Repeat("0", max(0, int(*s.Min)-len(candidate)))
		}
		if s.Pattern == "" || matches(s.Pattern, candidate) {
			return candidate
		}
	}
	return text
}

// matches holds a text against a model's pattern, which Go may not be able to read:
// it matches then.
func matches(pattern, text string) bool {
	r, err := regexp.Compile(`^(?:` + strings.ReplaceAll(pattern, `\u`, `\x{`) + `)$`)
	if strings.Contains(pattern, `\u`) {
		r, err = regexp.Compile(`^(?:` + regexp.MustCompile(`\\u([0-9A-Fa-f]{4})`).ReplaceAllString(pattern, `\x{$1}`) + `)$`)
	}
	return err != nil || r.MatchString(text)
}

// bad returns values that the model doesn't allow for a member.
func (m *model) bad(name string, of member) map[string]any {
	s := m.Shapes[of.Shape]
	values := map[string]any{}
	switch {
	case strings.EqualFold(name, "NextToken") || name == "Marker":
		values["never given out"] = "bmV2ZXI="
	case len(s.Enum) > 0:
		values["outside its enum"] = "NOT-ONE-OF-THEM"
	case s.Type == "string":
		if s.Max != nil && *s.Max < 50_000 {
			values["too long"] = s.text("a") + strings.Repeat("a", int(*s.Max))
		}
		if s.Min != nil && *s.Min > 0 {
			values["too short"] = ""
		}
		if s.Pattern != "" && !matches(s.Pattern, "!\u00e4 \x7f") {
			values["outside its pattern"] = "!\u00e4 \x7f"
		}
	case s.Type == "integer" || s.Type == "long":
		if s.Min != nil {
			values["too small"] = *s.Min - 1
		}
		if s.Max != nil {
			values["too large"] = *s.Max + 1
		}
	}
	return values
}

// send sends a request as no SDK would let one.
func (w *world) send(s wire.Service, operation string, input map[string]any) (status int, code string) {
	w.t.Helper()
	var body []byte
	header := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
	if s.TargetPrefix != "" {
		header = http.Header{"Content-Type": {"application/x-amz-json-1.1"}, "X-Amz-Target": {s.TargetPrefix + "." + operation}}
		body, _ = json.Marshal(input)
	} else {
		form := url.Values{"Action": {operation}, "Version": {s.Version}}
		flatten(form, "", input, s.Protocol == wire.EC2Query)
		body = []byte(form.Encode())
	}
	r, err := http.NewRequestWithContext(w.ctx, http.MethodPost, w.Endpoint()+"/", bytes.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	r.Header = header
	a, _ := w.Account("management")
	sum := sha256.Sum256(body)
	keys := aws.Credentials{AccessKeyID: a.AccessKeyID, SecretAccessKey: a.SecretAccessKey}
	if err := v4.NewSigner().SignHTTP(context.Background(), keys, r, hex.EncodeToString(sum[:]), s.Name, "eu-west-1", time.Now()); err != nil {
		w.t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	found := regexp.MustCompile(`<Code>([^<]*)|"__type":"([^"]*)`).FindSubmatch(text)
	if found != nil {
		code = string(found[1]) + string(found[2])
	}
	return answer.StatusCode, code
}

// flatten writes a value as the query protocols do.
func flatten(form url.Values, at string, value any, ec2 bool) {
	below := func(name string) string { return strings.TrimPrefix(at+"."+name, ".") }
	switch value := value.(type) {
	case map[string]any:
		for name, v := range value {
			if ec2 {
				name = strings.ToUpper(name[:1]) + name[1:]
			}
			flatten(form, below(name), v, ec2)
		}
	case []any:
		for i, v := range value {
			name := fmt.Sprint("member.", i+1)
			if ec2 {
				name = fmt.Sprint(i + 1)
			}
			flatten(form, below(name), v, ec2)
		}
	default:
		form.Set(at, fmt.Sprint(value))
	}
}
