package template_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"orgship/cfn"
	"orgship/template"
)

var update = flag.Bool("update", false, "write what was got into the golden files")

const digest = "111111111111.dkr.ecr.eu-west-1.amazonaws.com/app@sha256:1f0a35b2c1e5c5e4c5d5f3f2f1f0e0d0c0b0a090807060504030201000ffeedd"

func pointer[T any](v T) *T { return &v }

// changes are renderings of the templates under testdata/render, by name.
func changes() map[string]template.Changes {
	return map[string]template.Changes{
		"image":  {Image: digest},
		"size":   {CPU: 1024, Memory: 2048, DesiredCount: pointer(3)},
		"canary": {TrafficRouting: &template.TrafficRouting{Type: template.TimeBasedCanary, StepPercentage: 20, BakeTimeMins: 1}},
		"linear": {TrafficRouting: &template.TrafficRouting{Type: template.TimeBasedLinear, StepPercentage: 50}},
		"once":   {TrafficRouting: &template.TrafficRouting{Type: template.AllAtOnce}, TerminationWaitMinutes: pointer(0)},
		"test":   {TestTrafficRoute: pointer("TestListener")},
		"all": {
			Image: digest, CPU: 512, Memory: 1024, DesiredCount: pointer(2), TerminationWaitMinutes: pointer(30),
			TrafficRouting: &template.TrafficRouting{Type: template.TimeBasedLinear, StepPercentage: 33, BakeTimeMins: 3}, TestTrafficRoute: pointer("TestListener"),
		},
	}
}

// TestRenderGolden shows each rendering as the lines that it takes out and puts in.
func TestRenderGolden(t *testing.T) {
	t.Parallel()
	for _, file := range renderSources(t) {
		src := read(t, file)
		var got strings.Builder
		for _, name := range []string{"image", "size", "canary", "linear", "once", "test", "all"} {
			out, err := template.Render(src, changes()[name])
			if err != nil {
				t.Errorf("%s, %s: %v", file, name, err)
				continue
			}
			fmt.Fprintf(&got, "== %s\n%s", name, changedLines(string(src), string(out)))
		}
		golden := filepath.Join("testdata", "render", filepath.Base(file)+".golden")
		if *update {
			if err := os.WriteFile(golden, []byte(got.String()), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if diff := cmp.Diff(string(read(t, golden)), got.String()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", golden, diff)
		}
	}
}

func renderSources(t testing.TB) []string {
	t.Helper()
	files := []string{"../cfn/bluegreen.yaml"}
	for _, pattern := range []string{"testdata/render/*.yaml", "testdata/render/*.json"} {
		found, err := filepath.Glob(pattern)
		if err != nil || len(found) == 0 {
			t.Fatalf("no files match %s: %v", pattern, err)
		}
		files = append(files, found...)
	}
	return files
}

func read(t *testing.T, file string) []byte {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// changedLines returns the lines of a that are not in b, and those of b that are
// not in a, in place: a plain longest common subsequence.
func changedLines(a, b string) string {
	x, y := strings.Split(a, "\n"), strings.Split(b, "\n")
	common := make([][]int, len(x)+1)
	for i := range common {
		common[i] = make([]int, len(y)+1)
	}
	for i := len(x) - 1; i >= 0; i-- {
		for j := len(y) - 1; j >= 0; j-- {
			if x[i] == y[j] {
				common[i][j] = common[i+1][j+1] + 1
			} else {
				common[i][j] = max(common[i+1][j], common[i][j+1])
			}
		}
	}
	var out strings.Builder
	for i, j := 0, 0; i < len(x) || j < len(y); {
		switch {
		case i < len(x) && j < len(y) && x[i] == y[j]:
			i, j = i+1, j+1
		case j == len(y) || i < len(x) && common[i+1][j] >= common[i][j+1]:
			fmt.Fprintf(&out, "%d-%s\n", i+1, x[i])
			i++
		default:
			fmt.Fprintf(&out, "%d+%s\n", j+1, y[j])
			j++
		}
	}
	return out.String()
}

// TestRenderAgain: what a template says already changes no byte.
func TestRenderAgain(t *testing.T) {
	t.Parallel()
	for _, file := range renderSources(t) {
		for name, c := range changes() {
			once, err := template.Render(read(t, file), c)
			if err != nil {
				t.Fatalf("%s, %s: %v", file, name, err)
			}
			twice, err := template.Render(once, c)
			if err != nil || !bytes.Equal(once, twice) {
				t.Errorf("%s, %s: rendered again: %v\n%s", file, name, err, changedLines(string(once), string(twice)))
			}
			same, err := template.Render(read(t, file), template.Changes{})
			if err != nil || !bytes.Equal(same, read(t, file)) {
				t.Errorf("%s: no changes change something: %v", file, err)
			}
		}
	}
}

func TestRenderLineBreaksAndMark(t *testing.T) {
	t.Parallel()
	src := append([]byte("\ufeff"), bytes.ReplaceAll(cfn.BlueGreen(), []byte("\n"), []byte("\r\n"))...)
	out, err := template.Render(src, changes()["all"])
	if err != nil {
		t.Fatal(err)
	}
	plain, err := template.Render(cfn.BlueGreen(), changes()["all"])
	if err != nil {
		t.Fatal(err)
	}
	want := append([]byte("\ufeff"), bytes.ReplaceAll(plain, []byte("\n"), []byte("\r\n"))...)
	if !bytes.Equal(out, want) {
		t.Errorf("with a byte order mark and CRLF:\n%s", changedLines(string(want), string(out)))
	}
}

func TestRenderErrors(t *testing.T) {
	t.Parallel()
	const head = "Resources:\n  C:\n    Type: AWS::ECS::Cluster\n"
	const task = "Resources:\n  T:\n    Type: AWS::ECS::TaskDefinition\n    Properties:\n"
	const hooked = "Hooks:\n  H:\n    Type: AWS::CodeDeploy::BlueGreen\n"
	image := template.Changes{Image: digest}
	routing := template.Changes{TrafficRouting: &template.TrafficRouting{Type: template.AllAtOnce}}
	tests := []struct {
		name, src string
		change    template.Changes
		want      string
	}{
		{"not a template", "a: b", image, "Invalid template property or properties [a]"},
		{"no task definition", head, image, "no resource of type AWS::ECS::TaskDefinition"},
		{"two task definitions", task + "      A: 1\n  U:\n    Type: AWS::ECS::TaskDefinition\n", image, "several resources of type AWS::ECS::TaskDefinition (T, U)"},
		{"no properties", "Resources:\n  T:\n    Type: AWS::ECS::TaskDefinition\n", image, "task definition T has no Properties"},
		{"no containers", task + "      Cpu: 1\n", image, "has no list of ContainerDefinitions"},
		{"several containers", task + "      ContainerDefinitions: [{Name: a, Image: x}, {Name: b, Image: y}]\n", image, "line 5, column 29: task definition T has several containers (a, b)"},
		{"no such container", task + "      ContainerDefinitions: [{Name: a, Image: x}]\n", template.Changes{Image: "i", Container: "z"}, `has no container "z"; it has a`},
		{"no image", task + "      ContainerDefinitions: [{Name: a}]\n", image, "has no Image"},
		{"an image that is none", head, template.Changes{Image: "a b"}, `"a b" is no image reference`},
		{"no service", head, template.Changes{DesiredCount: pointer(1)}, "no resource of type AWS::ECS::Service"},
		{"negative", head, template.Changes{CPU: -1}, "can't be negative"},
		{"no hook", head, routing, "no hook of type AWS::CodeDeploy::BlueGreen"},
		{"an empty hook", hooked + head, routing, "hook H has no Properties"},
		{"a routing by a function", hooked + "    Properties: {TrafficRoutingConfig: !Ref X}\n" + head, routing, "is a function, not a map"},
		{"no such routing", head, template.Changes{TrafficRouting: &template.TrafficRouting{Type: "Slowly"}}, `"Slowly" is none of`},
		{"too small a step", head, template.Changes{TrafficRouting: &template.TrafficRouting{Type: template.TimeBasedCanary, StepPercentage: 13}}, "14 to 100, not 13"},
		{"a step of all at once", head, template.Changes{TrafficRouting: &template.TrafficRouting{Type: template.AllAtOnce, StepPercentage: 20}}, "takes no step percentage"},
		{"too long a wait", head, template.Changes{TerminationWaitMinutes: pointer(2881)}, "0 to 2880 minutes, not 2881"},
		{"nowhere to route", hooked + "    Properties: {Applications: [{}]}\n" + head, template.Changes{TestTrafficRoute: pointer("L")}, "has no Applications[0].ECSAttributes.TrafficRouting"},
	}
	for _, tt := range tests {
		_, err := template.Render([]byte(tt.src), tt.change)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error %v, want %q", tt.name, err, tt.want)
		}
	}
}

// small returns a template with a hook's properties and an image written so.
func small(properties, image string) string {
	return "Hooks: {H: {Type: 'AWS::CodeDeploy::BlueGreen', Properties: " + properties + "}}\nResources:\n  T:\n    Type: AWS::ECS::TaskDefinition\n" +
		"    Properties:\n      ContainerDefinitions:\n      - Image: " + image + "\n        Name: a # the name\n"
}

func imageForms() []string {
	return []string{
		"a", "'a'", "\"a\" # b", "!!str a", "&x a", "! a", "|\n          a\n", "!Ref A", "!Ref\n          A", "{Ref: A}", "\n          Ref: A",
		"\n          # why\n          Fn::Sub: ${A}", "!Join\n        - ''\n        - - a\n          - b", "!Join ['', [a, b]]", "a\n          b", "!Sub >-\n          a\n\n", "!GetAtt A.B",
	}
}

func hookForms() []string {
	return []string{
		"{}", "{AdditionalOptions: }", "{TrafficRoutingConfig: {Type: AllAtOnce, AdditionalOptions: {TerminationWaitTimeInMinutes: 1}}}", "{TrafficRoutingConfig: ~, 'AdditionalOptions': {}, }",
		"{TrafficRoutingConfig: {Type: TimeBasedCanary, TimeBasedCanary: }}", "{TrafficRoutingConfig: {TimeBasedLinear: {StepPercentage: '20'}}}", "{TrafficRoutingConfig: {}}",
		"\n      TrafficRoutingConfig:\n      AdditionalOptions: # none\n", "\n      TrafficRoutingConfig: {Type: !Ref X}\n      AdditionalOptions:\n        TerminationWaitTimeInMinutes: !Ref Y # minutes\n",
	}
}

// TestRenderForms: however a template writes the values, they can be changed.
func TestRenderForms(t *testing.T) {
	t.Parallel()
	c := template.Changes{
		Image: digest, TerminationWaitMinutes: pointer(9),
		TrafficRouting: &template.TrafficRouting{Type: template.TimeBasedCanary, StepPercentage: 40, BakeTimeMins: 2},
	}
	want := parse(t, small(`{TrafficRoutingConfig: {Type: TimeBasedCanary, TimeBasedCanary: {StepPercentage: 40, BakeTimeMins: 2}}, AdditionalOptions: {TerminationWaitTimeInMinutes: 9}}`, digest))
	for _, image := range imageForms() {
		for _, hook := range hookForms() {
			src := small(hook, image)
			if strings.HasPrefix(hook, "\n") {
				src = strings.Replace(src, "Hooks: {H: {Type: 'AWS::CodeDeploy::BlueGreen', Properties: "+hook+"}}", "Hooks:\n  H:\n    Type: 'AWS::CodeDeploy::BlueGreen'\n    Properties:"+hook, 1)
			}
			out, err := template.Render([]byte(src), c)
			if err != nil {
				t.Errorf("%v in\n%s", err, src)
				continue
			}
			got := strings.ReplaceAll(string(parse(t, string(out)).JSON()), `"40"`, "40") // a string stays one
			if !template.Equal(parse(t, got).Root, want.Root) {
				t.Errorf("rendered\n%s\nto\n%s", src, out)
			}
		}
	}
}

// FuzzRender: whatever the source looks like, a rendering that succeeds says
// what was asked for, changes nothing else, and changes nothing the second time.
func FuzzRender(f *testing.F) {
	for _, file := range renderSources(f) {
		content, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(content), "repo@sha256:abc", 20, 3, 7)
	}
	for _, image := range imageForms() {
		f.Add(small("{}", image), "'", 0, 0, 0)
	}
	for _, properties := range hookForms() {
		f.Add(small(properties, "x"), "a:b", 14, 1, 2880)
	}
	f.Fuzz(func(t *testing.T, src, image string, step, bake, wait int) {
		c := template.Changes{
			Image: image, Memory: 512, TerminationWaitMinutes: &wait,
			TrafficRouting: &template.TrafficRouting{Type: template.TimeBasedCanary, StepPercentage: step, BakeTimeMins: bake},
		}
		once, err := template.Render([]byte(src), c)
		if err != nil {
			return
		}
		again, err := template.Render(once, c)
		if err != nil || !bytes.Equal(once, again) {
			t.Fatalf("rendered again: %v\n%q\n%q", err, once, again)
		}
		before, after := parse(t, src), parse(t, string(once))
		if image != "" && !strings.Contains(string(after.JSON()), string(template.String(image).JSON())) {
			t.Fatalf("the image %q is not in\n%s", image, once)
		}
		checkOthers(t, before, after)
	})
}

func parse(t *testing.T, src string) *template.Template {
	t.Helper()
	parsed, err := template.Parse([]byte(src))
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

// checkOthers compares what a rendering of image, memory, routing and wait has
// nothing to do with.
func checkOthers(t *testing.T, before, after *template.Template) {
	t.Helper()
	for _, parsed := range []*template.Template{before, after} {
		for _, h := range parsed.Hooks() {
			if h.Type == "AWS::CodeDeploy::BlueGreen" {
				h.Properties.Delete("TrafficRoutingConfig")
				h.Properties.Delete("AdditionalOptions")
			}
		}
		for _, r := range parsed.Resources() {
			if r.Type != "AWS::ECS::TaskDefinition" {
				continue
			}
			r.Properties.Delete("Memory")
			if list := r.Properties.Get("ContainerDefinitions"); list.Is(template.List) {
				for _, container := range list.Items {
					if container.Is(template.Map) {
						container.Delete("Image")
					}
				}
			}
		}
	}
	if !template.Equal(before.Root, after.Root) {
		t.Fatalf("something else changed:\n%s\n%s", before.JSON(), after.JSON())
	}
}
