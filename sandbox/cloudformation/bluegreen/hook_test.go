package bluegreen_test

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"orgship/sandbox/cloudformation/bluegreen"
	"orgship/sandbox/codedeploy"
	"orgship/template"
)

// web is the template that the stories of the parent package use.
func web(t *testing.T, replacements ...string) *template.Template {
	t.Helper()
	body, err := os.ReadFile("../testdata/web.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(replacements); i += 2 {
		if !strings.Contains(string(body), replacements[i]) {
			t.Fatalf("no %q in the template", replacements[i])
		}
	}
	parsed, err := template.Parse([]byte(strings.NewReplacer(replacements...).Replace(string(body))))
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

func always(string) bool { return true }

const routing = "      TrafficRoutingConfig:\n        Type: AllAtOnce\n        AdditionalOptions: {TerminationWaitTimeInMinutes: 2}\n"

func TestRouting(t *testing.T) {
	t.Parallel()
	canary := codedeploy.Routing{Type: codedeploy.TimeBasedCanary, StepPercentage: 15, BakeTime: 5 * time.Minute}
	for _, c := range []struct {
		name, config string
		want         codedeploy.Routing
		wait         time.Duration
		bad          bool
	}{
		{"default", "", canary, 5 * time.Minute, false},
		{"all at once", "TrafficRoutingConfig: {Type: AllAtOnce}", codedeploy.Routing{Type: codedeploy.AllAtOnce}, 5 * time.Minute, false},
		{"wait", "AdditionalOptions: {TerminationWaitTimeInMinutes: 0}", canary, 0, false},
		{"misplaced wait", "TrafficRoutingConfig: {Type: AllAtOnce, AdditionalOptions: {TerminationWaitTimeInMinutes: 2}}", codedeploy.Routing{Type: codedeploy.AllAtOnce}, 5 * time.Minute, false},
		{"canary", "TrafficRoutingConfig: {Type: TimeBasedCanary, TimeBasedCanary: {StepPercentage: 50, BakeTimeMins: 1}}",
			codedeploy.Routing{Type: codedeploy.TimeBasedCanary, StepPercentage: 50, BakeTime: time.Minute}, 5 * time.Minute, false},
		{"linear by default", "TrafficRoutingConfig: {Type: TimeBasedLinear, TimeBasedLinear: {}}",
			codedeploy.Routing{Type: codedeploy.TimeBasedLinear, StepPercentage: 15, BakeTime: 5 * time.Minute}, 5 * time.Minute, false},
		{"no block", "TrafficRoutingConfig: {Type: TimeBasedLinear}", codedeploy.Routing{}, 0, true},
		{"both blocks", "TrafficRoutingConfig: {Type: TimeBasedLinear, TimeBasedLinear: {}, TimeBasedCanary: {}}", codedeploy.Routing{}, 0, true},
		{"another's block", "TrafficRoutingConfig: {Type: AllAtOnce, TimeBasedCanary: {}}", codedeploy.Routing{}, 0, true},
		{"small step", "TrafficRoutingConfig: {Type: TimeBasedLinear, TimeBasedLinear: {StepPercentage: 13}}", codedeploy.Routing{}, 0, true},
		{"unknown type", "TrafficRoutingConfig: {Type: Sudden}", codedeploy.Routing{}, 0, true},
		{"unknown property", "Colour: blue", codedeploy.Routing{}, 0, true},
		{"a function", "AdditionalOptions: {TerminationWaitTimeInMinutes: !Ref ImageUri}", codedeploy.Routing{}, 0, true},
		{"long wait", "AdditionalOptions: {TerminationWaitTimeInMinutes: 2881}", codedeploy.Routing{}, 0, true},
		{"unknown event", "LifecycleEventHooks: {Before: f}", codedeploy.Routing{}, 0, true},
	} {
		h, err := bluegreen.Transform(web(t, routing, "      "+c.config+"\n"), always)
		var refusal *bluegreen.Error
		switch {
		case c.bad && (!errors.As(err, &refusal) || !strings.Contains(err.Error(), `Failed to parse the "Hooks" section`)):
			t.Errorf("%s: %v", c.name, err)
		case c.bad:
		case err != nil:
			t.Errorf("%s: %v", c.name, err)
		case h.Routing != c.want || h.TerminationWait != c.wait:
			t.Errorf("%s: %+v, wait %v", c.name, h.Routing, h.TerminationWait)
		}
	}
}

func TestFunctions(t *testing.T) {
	t.Parallel()
	h, err := bluegreen.Transform(web(t, routing, routing+"      LifecycleEventHooks: {BeforeAllowTraffic: CodeDeployHook_ask, AfterInstall: CodeDeployHook_look}\n"), always)
	if err != nil || len(h.Functions) != 2 || h.Functions["BeforeAllowTraffic"] != "CodeDeployHook_ask" || h.Functions["AfterInstall"] != "CodeDeployHook_look" {
		t.Errorf("%+v, error %v", h, err)
	}
	for _, bad := range []string{"{Install: f}", "{BeforeInstall: !Ref F}", "{BeforeInstall: \"\"}", "[f]", "f"} {
		if _, err := bluegreen.Transform(web(t, routing, routing+"      LifecycleEventHooks: "+bad+"\n"), always); err == nil {
			t.Errorf("%s is taken", bad)
		}
	}
}

func TestTransformRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ old, new, want string }{
		"service":          {"LogicalID: Web", "LogicalID: Nobody", `"Resources->Nobody"`},
		"listener's type":  {"LogicalID: Front", "LogicalID: Balancer", `"Resources->Balancer"`},
		"green is there":   {"[BlueSet, GreenSet]", "[BlueSet, Primary]", `"Resources->Primary"`},
		"target groups":    {"[BlueTargets, GreenTargets]", "[BlueTargets]", `"Hooks" section`},
		"same name":        {"[BlueSet, GreenSet]", "[BlueSet, BlueSet]", `"Hooks" section`},
		"type":             {"Type: AWS::CodeDeploy::BlueGreen", "Type: AWS::CodeDeploy::GreenBlue", `"Hooks" section`},
		"two applications": {"      Applications:\n", "      Applications:\n        - {}\n", `"Hooks" section`},
	} {
		if _, err := bluegreen.Transform(web(t, c.old, c.new), always); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
	if _, err := bluegreen.Transform(web(t), func(condition string) bool { return condition != "" }); err == nil {
		t.Error("resources whose condition doesn't hold are taken")
	}
}

func TestProcessed(t *testing.T) {
	t.Parallel()
	submitted := web(t, "      TaskSetId: !GetAtt [BlueSet, Id]", "      TaskSetId: !GetAtt BlueSet.Id\n    DependsOn: [BlueSet]")
	before := string(submitted.JSON())
	h, err := bluegreen.Transform(submitted, always)
	if err != nil {
		t.Fatal(err)
	}
	blue, green := h.Processed(submitted, bluegreen.Blue), h.Processed(submitted, bluegreen.Green)
	if len(blue.Transforms())+len(green.Transforms()) != 0 {
		t.Error("the transform is still there")
	}
	if string(submitted.JSON()) != before {
		t.Error("the submitted template changed")
	}
	for _, r := range blue.Resources() {
		was, _ := submitted.Resource(r.ID)
		if !template.Equal(was.Node, r.Node) {
			t.Errorf("%s differs while blue is live", r.ID)
		}
	}
	text := string(green.JSON())
	for _, gone := range []string{`"BlueSet":`, `"BlueDefinition":`, `{"Ref":"BlueDefinition"}`, "${BlueDefinition}"} {
		if strings.Contains(text, gone) {
			t.Errorf("%s is still there while green is live", gone)
		}
	}
	if n := strings.Count(text, `{"Ref":"GreenTargets"}`); n != 3 {
		t.Errorf("%d references to green's targets, want those of listener, rule and task set", n)
	}
	if bluegreen.Green.Other() != bluegreen.Blue || h.Live([]string{"GreenDefinition"}) != bluegreen.Green || h.Live([]string{"BlueDefinition"}) != bluegreen.Blue {
		t.Error("colours are mixed up")
	}
}

func TestRecognised(t *testing.T) {
	t.Parallel()
	replaces := func(_, property string) bool { return property != "Tags" && property != "Scale" }
	before := web(t)
	h, err := bluegreen.Transform(before, always)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		after *template.Template
		want  bool
	}{
		"nothing":     {web(t), false},
		"memory":      {web(t, `"512"`, `"1024"`), true},
		"image":       {web(t, "Image: !Ref ImageUri", "Image: app@sha256:1"), true},
		"task set":    {web(t, "PlatformVersion: 1.3.0", "PlatformVersion: 1.4.0"), true},
		"scale only":  {web(t, "Value: 1}", "Value: 100}"), false},
		"another one": {web(t, "DesiredCount: 1", "DesiredCount: 2"), false},
	} {
		if got := h.Recognised(before, c.after, bluegreen.Blue, replaces); got != c.want {
			t.Errorf("%s: recognised %v", name, got)
		}
	}
	if name := h.ObscuredParameter(before, bluegreen.Blue, func(n string) bool { return n == "ImageUri" }); name != "ImageUri" {
		t.Errorf("obscured parameter %q", name)
	}
}
