package elb

import (
	"maps"
	"slices"
	"strconv"
	"time"

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

// balancerTable holds the attributes of an application load balancer:
// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_LoadBalancerAttribute.html
func balancerTable() map[string]setting {
	boolean := oneOf("true", "false")
	return map[string]setting{
		"access_logs.s3.bucket":                                    {"", nil},
		"access_logs.s3.enabled":                                   {"false", nil},
		"access_logs.s3.prefix":                                    {"", nil},
		"client_keep_alive.seconds":                                {"3600", nil},
		"connection_logs.s3.bucket":                                {"", nil},
		"connection_logs.s3.enabled":                               {"false", nil},
		"connection_logs.s3.prefix":                                {"", nil},
		"deletion_protection.enabled":                              {"false", boolean},
		"idle_timeout.timeout_seconds":                             {"60", between(1, 4000)},
		"ipv6.deny_all_igw_traffic":                                {"false", nil},
		"load_balancing.cross_zone.enabled":                        {"true", nil},
		"routing.http.desync_mitigation_mode":                      {"defensive", nil},
		"routing.http.drop_invalid_header_fields.enabled":          {"false", nil},
		"routing.http.preserve_host_header.enabled":                {"false", boolean},
		"routing.http.x_amzn_tls_version_and_cipher_suite.enabled": {"false", nil},
		"routing.http.xff_client_port.enabled":                     {"false", boolean},
		"routing.http.xff_header_processing.mode":                  {"append", oneOf("append", "preserve", "remove")},
		"routing.http2.enabled":                                    {"true", boolean}, // plain HTTP listeners speak HTTP/1.1 either way
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
		"load_balancing.algorithm.type":                                                  {"round_robin", oneOf("round_robin", "least_outstanding_requests")},
		"load_balancing.cross_zone.enabled":                                              {"use_load_balancer_configuration", nil},
		"slow_start.duration_seconds":                                                    {"0", nil},
		"stickiness.app_cookie.cookie_name":                                              {"", anything}, // no effect while stickiness is off
		"stickiness.app_cookie.duration_seconds":                                         {"86400", between(1, 604800)},
		"stickiness.enabled":                                                             {"false", nil},
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

func balancerAttributes() attributes { return defaults(balancerTable()) }
func groupAttributes() attributes    { return defaults(groupTable()) }
func listenerAttributes() attributes { return defaults(listenerTable()) }

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

func (a attributes) keys() []string { return slices.Sorted(maps.Keys(a)) }

// seconds returns an attribute that with has checked to be a number.
func (a attributes) seconds(key string) time.Duration {
	n, _ := strconv.Atoi(a[key])
	return time.Duration(n) * time.Second
}
