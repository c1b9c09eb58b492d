package cloudformation_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	cfn "github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"orgship/sandbox/wire"
	"orgship/template"
)

// TestLinterAndSandboxAgree brings every template that the linter's tests have
// to the sandbox: what the linter calls a refusal is refused here too, some of it
// with the first release only; what it doesn't is made.
func TestLinterAndSandboxAgree(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../../template/testdata/lint/*.yaml")
	if err != nil || len(files) < 50 {
		t.Fatalf("%d templates: %v", len(files), err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			if strings.HasPrefix(filepath.Base(file), "OS011") {
				t.Skip("ECS refuses sizes that Fargate doesn't have, and this world's ECS is a stand-in: sandbox/ecs tests its words")
			}
			if strings.HasPrefix(filepath.Base(file), "OS213") {
				t.Skip("too long for a request, which this world makes: see TestObjects")
			}
			body, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			refused := slices.ContainsFunc(template.Lint(mustParse(t, body)), func(f template.Finding) bool { return f.Severity == template.Refusal })
			why := newWorld(t).refuses(string(body))
			switch {
			case refused && why == "":
				t.Error("the linter refuses it, the sandbox doesn't")
			case !refused && why != "" && !strings.HasPrefix(why, "NotModelled"):
				t.Errorf("the linter doesn't refuse it, the sandbox does: %s", why)
			}
		})
	}
}

// mustParse parses a template; one that can't be parsed has no findings.
func mustParse(t *testing.T, body []byte) *template.Template {
	t.Helper()
	parsed, err := template.Parse(body)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

// refuses says how a template, or its first release, is refused; "" if it isn't.
func (w *world) refuses(body string) string {
	w.t.Helper()
	name := "web"
	var parameters []types.Parameter
	values := map[string]string{"Vpc": w.network.VPCID, "Network": w.network.VPCID, "Subnet1": w.network.SubnetIDs[0], "Subnet2": w.network.SubnetIDs[1]}
	for _, p := range mustParse(w.t, []byte(body)).Parameters() {
		value, known := values[p.Name]
		if !known && p.Node.Get("Default") == nil {
			value, known = "value", true
		}
		if known {
			parameters = append(parameters, params(p.Name, value)...)
		}
	}
	_, err := w.CreateStack(w.ctx, &cfn.CreateStackInput{StackName: &name, TemplateBody: &body, Parameters: parameters, Capabilities: capabilities})
	var e *wire.Error
	if errors.As(err, &e) {
		return e.Code + " " + e.Message
	} else if err != nil {
		w.t.Fatal(err)
	}
	if st := w.settled(name); st.StackStatus != types.StackStatusCreateComplete {
		return strings.Join(w.rows(name), "\n")
	}
	released := strings.NewReplacer(`"512"`, `"1024"`, `'512'`, `'1024'`).Replace(body)
	if released == body {
		w.t.Fatal("nothing to release in the template")
	}
	if err := w.tryUpdate(name, released, parameters); err != nil {
		return err.Error()
	}
	if st := w.settled(name); st.StackStatus != types.StackStatusUpdateComplete {
		return strings.Join(w.rows(name), "\n")
	}
	return ""
}
