package elb

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"orgship/sandbox/wire"
)

// attributes are those of a load balancer, a target group or a listener.
type attributes map[string]string

// setting is one known attribute. Without a check only its default is accepted.
type setting struct {
	standard string
	check    func(value string) bool
}

func oneOf(values ...string) func(string) bool {
	return func(v string) bool { return slices.Contains(values, v) }
}

func between(low, high int) func(string) bool {
	return func(v string) bool {
		n, err := strconv.Atoi(v)
		return err == nil && n >= low && n <= high
	}
}

func anything(string) bool { return true }

// appCookie refuses the names of the load balancer's own cookies, and what is no name.
func appCookie(name string) bool {
	return !strings.HasPrefix(name, "AWSALB") && (&http.Cookie{Name: name}).Valid() == nil
}

// balancerTable holds the attributes of an application load balancer:
// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_LoadBalancerAttribute.html
func balancerTable() map[string]setting {
	boolean := oneOf("true", "false")
	return map[string]setting{
		"access_logs.s3.bucket":             {"", anything}, // no log is written
		"access_logs.s3.enabled":            {"false", boolean},
		"access_logs.s3.prefix":             {"", anything},
		"client_keep_alive.seconds":         {"3600", nil},
		"connection_logs.s3.bucket":         {"", anything},
		"connection_logs.s3.enabled":        {"false", boolean},
		"connection_logs.s3.prefix":         {"", anything},
		"deletion_protection.enabled":       {"false", boolean},
		"health_check_logs.s3.bucket":       {"", anything},
		"health_check_logs.s3.enabled":      {"false", boolean},
		"health_check_logs.s3.prefix":       {"", anything},
		"idle_timeout.timeout_seconds":      {"60", between(1, 4000)},
		"ipv6.deny_all_igw_traffic":         {"false", nil},
		"load_balancing.cross_zone.enabled": {"true", nil},
		// Assumption A198: the mode is kept and changes nothing; Go's server refuses requests
		// that could be read in two ways.
		"routing.http.desync_mitigation_mode":                      {"defensive", oneOf("monitor", "defensive", "strictest")},
		"routing.http.drop_invalid_header_fields.enabled":          {"false", boolean},
		"routing.http.preserve_host_header.enabled":                {"false", boolean},
		"routing.http.x_amzn_tls_version_and_cipher_suite.enabled": {"false", boolean},
		"routing.http.xff_client_port.enabled":                     {"false", boolean},
		"routing.http.xff_header_processing.mode":                  {"append", oneOf("append", "preserve", "remove")},
		"routing.http2.enabled":                                    {"true", boolean}, // HTTP listeners speak HTTP/1.1 either way
		"waf.fail_open.enabled":                                    {"false", nil},
		"zonal_shift.config.enabled":                               {"false", nil},
	}
}

// groupTable holds the attributes of a target group of type ip:
// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_TargetGroupAttribute.html
func groupTable() map[string]setting {
	return map[string]setting{
		"deregistration_delay.timeout_seconds":                                           {"300", between(0, 3600)},
		"load_balancing.algorithm.anomaly_mitigation":                                    {"off", nil},
		"load_balancing.algorithm.type":                                                  {"round_robin", oneOf(roundRobin, leastOutstanding, weightedRandom)},
		"load_balancing.cross_zone.enabled":                                              {"use_load_balancer_configuration", oneOf("true", "false", "use_load_balancer_configuration")},
		"slow_start.duration_seconds":                                                    {"0", between(30, 900)},
		"stickiness.app_cookie.cookie_name":                                              {"", appCookie},
		"stickiness.app_cookie.duration_seconds":                                         {"86400", between(1, 604800)},
		"stickiness.enabled":                                                             {"false", oneOf("true", "false")},
		"stickiness.lb_cookie.duration_seconds":                                          {"86400", between(1, 604800)},
		"stickiness.type":                                                                {"lb_cookie", oneOf("lb_cookie", "app_cookie")},
		"target_group_health.dns_failover.minimum_healthy_targets.count":                 {"1", nil},
		"target_group_health.dns_failover.minimum_healthy_targets.percentage":            {"off", nil},
		"target_group_health.unhealthy_state_routing.minimum_healthy_targets.count":      {"1", nil},
		"target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage": {"off", nil},
	}
}

// listenerTable holds the attributes of an HTTP listener:
// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_ListenerAttribute.html
func listenerTable() map[string]setting {
	return map[string]setting{
		"routing.http.response.server.enabled": {"true", nil},
	}
}

func defaults(table map[string]setting) attributes {
	out := attributes{}
	for key, s := range table {
		out[key] = s.standard
	}
	return out
}

func balancerAttributes(scheme types.LoadBalancerSchemeEnum) attributes {
	a := defaults(balancerTable())
	if scheme == types.LoadBalancerSchemeEnumInternal {
		a["ipv6.deny_all_igw_traffic"] = "true"
	}
	return a
}

func groupAttributes() attributes    { return defaults(groupTable()) }
func listenerAttributes() attributes { return defaults(listenerTable()) }

// LacksBalancerAttribute reports whether load balancers of AWS's have an attribute with a
// value that this service doesn't model.
func LacksBalancerAttribute(key, value string) bool { return lacks(balancerTable(), key, value) }

// LacksGroupAttribute reports the same of target groups.
func LacksGroupAttribute(key, value string) bool { return lacks(groupTable(), key, value) }

func lacks(table map[string]setting, key, value string) bool {
	s, known := table[key]
	return known && s.check == nil && value != s.standard
}

// with returns the attributes changed, or the error of the first bad change.
func (a attributes) with(table map[string]setting, kind string, changes attributes) (attributes, error) {
	out := maps.Clone(a)
	for _, key := range changes.keys() {
		value := changes[key]
		s, known := table[key]
		switch {
		case !known:
			return a, invalid("%s attribute key '%s' is not recognized", kind, key)
		case value == s.standard:
		case s.check == nil:
			return a, wire.NotModelled("%s attribute %s=%s (only %q)", kind, key, value, s.standard)
		case !s.check(value):
			return a, invalid("%s attribute value '%s' for key '%s' is not valid", kind, value, key)
		}
		out[key] = value
	}
	return out, nil
}

// Assumption A196: attributes that go together badly are InvalidConfigurationRequest, in
// our words.

// checkLogs refuses logs without a bucket to be written to.
func (a attributes) checkLogs() error {
	for _, kind := range []string{"access_logs", "connection_logs", "health_check_logs"} {
		if a[kind+".s3.enabled"] == "true" && a[kind+".s3.bucket"] == "" {
			return wire.Errorf("InvalidConfigurationRequest", "%s.s3.bucket must be specified when %s.s3.enabled is true", kind, kind)
		}
	}
	return nil
}

// checkTargets refuses what a target group can't be.
func (a attributes) checkTargets() error {
	algorithm := a["load_balancing.algorithm.type"]
	switch {
	case a["slow_start.duration_seconds"] != "0" && algorithm != roundRobin:
		return wire.Errorf("InvalidConfigurationRequest", "Slow start cannot be used with the load balancing algorithm '%s'", algorithm)
	case a["stickiness.enabled"] == "true" && a["stickiness.type"] == "app_cookie" && a["stickiness.app_cookie.cookie_name"] == "":
		return wire.Errorf("InvalidConfigurationRequest", "stickiness.app_cookie.cookie_name must be specified when stickiness.type is app_cookie")
	}
	return nil
}

// stickiness is what a target group's attributes say of it.
func (a attributes) stickiness() stickiness {
	if a["stickiness.enabled"] != "true" {
		return stickiness{}
	}
	kind := a["stickiness.type"]
	return stickiness{kind: kind, name: a["stickiness.app_cookie.cookie_name"], life: a.seconds("stickiness." + kind + ".duration_seconds")}
}

func (a attributes) keys() []string { return slices.Sorted(maps.Keys(a)) }

// seconds returns an attribute that with has checked to be a number.
func (a attributes) seconds(key string) time.Duration {
	n, _ := strconv.Atoi(a[key])
	return time.Duration(n) * time.Second
}
