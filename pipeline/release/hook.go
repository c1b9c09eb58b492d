package release

import (
	"strconv"
	"time"

	"orgship/template"
)

// hook is what a release wants to know of the blue/green hook in a template.
type hook struct {
	there    bool
	listener string // logical id of the production listener
	test     string // logical id of the test listener, "" without one
	testPort string // its port, "" when it can't be told
	wait     time.Duration
}

// defaultWait is how long blue is kept when the template doesn't say.
// https://github.com/aws/aws-cdk/blob/main/packages/aws-cdk-lib/core/lib/cfn-codedeploy-blue-green-hook.ts
const defaultWait = 5 * time.Minute

// readHook reads the hook of a template with these parameters.
func readHook(body []byte, parameters map[string]string) (hook, error) {
	t, err := template.Parse(body)
	if err != nil {
		return hook{}, err
	}
	for _, h := range t.Hooks() {
		if h.Type != "AWS::CodeDeploy::BlueGreen" {
			continue
		}
		out := hook{there: true, wait: defaultWait}
		if minutes, err := strconv.Atoi(h.Properties.Find("AdditionalOptions", "TerminationWaitTimeInMinutes").Str()); err == nil {
			out.wait = time.Duration(minutes) * time.Minute
		}
		if apps := h.Properties.Get("Applications"); apps.Is(template.List) && len(apps.Items) > 0 {
			routing := apps.Items[0].Find("ECSAttributes", "TrafficRouting")
			out.listener = routing.Find("ProdTrafficRoute", "LogicalID").Str()
			out.test = routing.Find("TestTrafficRoute", "LogicalID").Str()
		}
		out.testPort = port(t, out.test, parameters)
		return out, nil
	}
	return hook{}, nil
}

// port returns a listener's port.
func port(t *template.Template, listener string, parameters map[string]string) string {
	r, ok := t.Resource(listener)
	if !ok {
		return ""
	}
	n := r.Properties.Get("Port")
	if n.Is(template.Scalar) {
		return n.Text
	}
	if !n.Is(template.Function) || n.Name != "Ref" {
		return ""
	}
	if value, given := parameters[n.Arg.Str()]; given {
		return value
	}
	return t.Section("Parameters").Find(n.Arg.Str(), "Default").Str()
}
