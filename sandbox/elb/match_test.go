package elb_test

import (
	"net/http"
	"strings"
	"testing"

	elbv2 "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
)

func host(values ...string) types.RuleCondition {
	return types.RuleCondition{Field: new("host-header"), HostHeaderConfig: &types.HostHeaderConditionConfig{Values: values}}
}

func path(values ...string) types.RuleCondition {
	return types.RuleCondition{Field: new("path-pattern"), Values: values}
}

func header(name string, values ...string) types.RuleCondition {
	return types.RuleCondition{Field: new("http-header"), HttpHeaderConfig: &types.HttpHeaderConditionConfig{HttpHeaderName: &name, Values: values}}
}

func method(values ...string) types.RuleCondition {
	return types.RuleCondition{Field: new("http-request-method"), HttpRequestMethodConfig: &types.HttpRequestMethodConditionConfig{Values: values}}
}

func source(values ...string) types.RuleCondition {
	return types.RuleCondition{Field: new("source-ip"), SourceIpConfig: &types.SourceIpConditionConfig{Values: values}}
}

func query(pairs ...string) types.RuleCondition {
	c := &types.QueryStringConditionConfig{}
	for _, p := range pairs {
		key, value, ok := strings.Cut(p, "=")
		if !ok {
			c.Values = append(c.Values, types.QueryStringKeyValuePair{Value: &key})
			continue
		}
		c.Values = append(c.Values, types.QueryStringKeyValuePair{Key: &key, Value: &value})
	}
	return types.RuleCondition{Field: new("query-string"), QueryStringConfig: c}
}

func TestConditions(t *testing.T) {
	t.Parallel()
	to := func(target string, edits ...func(*http.Request)) func(*http.Request) {
		return func(r *http.Request) {
			u, err := r.URL.Parse(target)
			if err != nil {
				t.Fatal(err)
			}
			r.URL = u
			for _, e := range edits {
				e(r)
			}
		}
	}
	hostname := func(h string) func(*http.Request) { return func(r *http.Request) { r.Host = h } }
	with := func(k, v string) func(*http.Request) { return func(r *http.Request) { r.Header.Add(k, v) } }
	verb := func(m string) func(*http.Request) { return func(r *http.Request) { r.Method = m } }
	tests := map[string]struct {
		conditions []types.RuleCondition
		yes, no    []func(*http.Request)
	}{
		"host": {[]types.RuleCondition{host("www.Example.com", "*.example.org")},
			[]func(*http.Request){to("/", hostname("www.example.COM")), to("/", hostname("a.b.example.org:8080"))},
			[]func(*http.Request){to("/", hostname("example.com")), to("/", hostname("example.org"))}},
		"path": {[]types.RuleCondition{path("/img/*", "/v?/x")},
			[]func(*http.Request){to("/img/"), to("/img/a/b?q=1"), to("/v1/x"), to("/v1/x?img=1")},
			[]func(*http.Request){to("/IMG/a"), to("/v12/x"), to("/?x=/img/a"), to("/v1/x/")}},
		"path with a literal star": {[]types.RuleCondition{path(`/a\*b`)},
			[]func(*http.Request){to("/a*b")}, []func(*http.Request){to("/axb"), to(`/a\xb`)}},
		"header": {[]types.RuleCondition{header("User-Agent", "*Mozilla*", "curl/?.*")},
			[]func(*http.Request){to("/", with("user-agent", "Mozilla/5.0")), to("/", with("User-Agent", "xx mozilla")), to("/", with("User-Agent", "CURL/8.1"))},
			[]func(*http.Request){to("/", with("User-Agent", "Go")), to("/", with("X-Agent", "Mozilla"))}},
		"header given twice": {[]types.RuleCondition{header("X-A", "two")},
			[]func(*http.Request){to("/", with("X-A", "one"), with("X-A", "two"))}, []func(*http.Request){to("/", with("X-A", "one"))}},
		"method": {[]types.RuleCondition{method("POST", "PUT")},
			[]func(*http.Request){to("/", verb("PUT"))}, []func(*http.Request){to("/")}},
		"query": {[]types.RuleCondition{query("version=v1", "exam*")},
			[]func(*http.Request){to("/?a=1&Version=V1"), to("/?any=example"), to("/?version=%761"), to("/?example")},
			[]func(*http.Request){to("/"), to("/?version=v2"), to("/?v1=version")}},
		"source": {[]types.RuleCondition{source("127.0.0.0/8", "10.0.0.0/8")},
			[]func(*http.Request){to("/")}, nil},
		"other source": {[]types.RuleCondition{source("192.168.0.0/16")},
			nil, []func(*http.Request){to("/", with("X-Forwarded-For", "192.168.1.1"))}},
		"all conditions must hold": {[]types.RuleCondition{path("/a*"), header("X-A", "1"), header("X-B", "2")},
			[]func(*http.Request){to("/abc", with("X-A", "1"), with("X-B", "2"))},
			[]func(*http.Request){to("/abc", with("X-A", "1")), to("/b", with("X-A", "1"), with("X-B", "2"))}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, 1000)
			b := w.balancer("web")
			l := w.listener(b, 80, []types.Action{{Type: types.ActionTypeEnumFixedResponse, FixedResponseConfig: &types.FixedResponseActionConfig{StatusCode: new("200"), MessageBody: new("default")}}})
			must[*elbv2.CreateRuleOutput](t)(w.CreateRule(w.ctx, &elbv2.CreateRuleInput{ListenerArn: &l, Priority: new(int32(1)), Conditions: test.conditions,
				Actions: []types.Action{{Type: types.ActionTypeEnumFixedResponse, FixedResponseConfig: &types.FixedResponseActionConfig{StatusCode: new("200"), MessageBody: new("rule")}}}}))
			for i, edit := range test.yes {
				if got := w.ask(base(b, 80), edit); got.body != "rule" {
					t.Errorf("request %d does not match: %q", i, got.body)
				}
			}
			for i, edit := range test.no {
				if got := w.ask(base(b, 80), edit); got.body != "default" {
					t.Errorf("request %d matches: %q", i, got.body)
				}
			}
		})
	}
}
