package elb

import (
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"orgship/sandbox/wire"
)

// Fields of conditions.
const (
	fieldHost   = "host-header"
	fieldHeader = "http-header"
	fieldMethod = "http-request-method"
	fieldPath   = "path-pattern"
	fieldQuery  = "query-string"
	fieldSource = "source-ip"
)

// checkConditions checks the conditions of a rule and returns them as AWS
// describes them: hosts and paths stand both in Values and in their config.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/rule-condition-types.html
func checkConditions(conditions []types.RuleCondition) ([]types.RuleCondition, error) {
	if len(conditions) == 0 {
		return nil, required("condition")
	}
	var out []types.RuleCondition
	seen := map[string]int{}
	total := 0
	for _, c := range conditions {
		c, values, err := normalize(c)
		if err != nil {
			return nil, err
		}
		field := *c.Field
		if seen[field]++; seen[field] > 1 && field != fieldHeader && field != fieldQuery {
			return nil, invalid("A rule can only have one '%s' condition", field)
		}
		total += len(values)
		out = append(out, c)
	}
	if total > 5 {
		return nil, invalid("A rule can only have '5' condition values")
	}
	return out, nil
}

// normalize checks one condition and returns it with its values.
func normalize(c types.RuleCondition) (types.RuleCondition, []string, error) {
	if usesRegex(c) {
		return c, nil, wire.NotModelled("regular expressions in a rule condition")
	}
	out := types.RuleCondition{Field: c.Field}
	var values []string
	switch val(c.Field) {
	case fieldHost:
		values = c.Values
		if c.HostHeaderConfig != nil {
			values = c.HostHeaderConfig.Values
		}
		out.Values, out.HostHeaderConfig = values, &types.HostHeaderConditionConfig{Values: values}
	case fieldPath:
		values = c.Values
		if c.PathPatternConfig != nil {
			values = c.PathPatternConfig.Values
		}
		out.Values, out.PathPatternConfig = values, &types.PathPatternConditionConfig{Values: values}
	case fieldMethod:
		if c.HttpRequestMethodConfig != nil {
			values, out.HttpRequestMethodConfig = c.HttpRequestMethodConfig.Values, c.HttpRequestMethodConfig
		}
	case fieldHeader:
		if c.HttpHeaderConfig != nil {
			values, out.HttpHeaderConfig = c.HttpHeaderConfig.Values, c.HttpHeaderConfig
		}
	case fieldSource:
		if c.SourceIpConfig != nil {
			values, out.SourceIpConfig = c.SourceIpConfig.Values, c.SourceIpConfig
		}
	case fieldQuery:
		if c.QueryStringConfig != nil {
			for _, pair := range c.QueryStringConfig.Values {
				values = append(values, val(pair.Key)+"="+val(pair.Value))
			}
			out.QueryStringConfig = c.QueryStringConfig
		}
	default:
		return c, nil, invalid("Condition field '%s' must be one of '[path-pattern, host-header, http-header, http-request-method, query-string, source-ip]'", val(c.Field))
	}
	return out, values, checkValues(out, values)
}

func usesRegex(c types.RuleCondition) bool {
	return len(c.RegexValues) > 0 ||
		c.HostHeaderConfig != nil && len(c.HostHeaderConfig.RegexValues) > 0 ||
		c.HttpHeaderConfig != nil && len(c.HttpHeaderConfig.RegexValues) > 0 ||
		c.PathPatternConfig != nil && len(c.PathPatternConfig.RegexValues) > 0
}

func checkValues(c types.RuleCondition, values []string) error {
	if len(values) == 0 || slices.Contains(values, "") || slices.Contains(values, "=") {
		return invalid("A condition value must be specified for '%s'", *c.Field)
	}
	for _, v := range values {
		if len(v) > 128 {
			return invalid("Condition value '%s' cannot be longer than '128' characters", v)
		}
		if err := checkValue(c, v); err != nil {
			return err
		}
	}
	return nil
}

func checkValue(c types.RuleCondition, value string) error {
	switch *c.Field {
	case fieldHeader:
		if n := len(val(c.HttpHeaderConfig.HttpHeaderName)); n == 0 || n > 40 {
			return invalid("A header name of 1 to 40 characters must be specified for 'http-header'")
		}
	case fieldMethod:
		if !regexp.MustCompile(`^[A-Z_-]{1,40}$`).MatchString(value) {
			return invalid("HTTP request method '%s' may have only the characters A-Z, - and _", value)
		}
	case fieldSource:
		if c.SourceIpConfig.IpAddressType != "" {
			return wire.NotModelled("the IP address type of a source-ip condition")
		}
		if _, err := netip.ParsePrefix(value); err != nil {
			return invalid("Source IP '%s' is not a valid CIDR block", value)
		}
	case fieldPath:
		if strings.ContainsAny(value, " \t") {
			return invalid("Path pattern '%s' has characters that are not allowed", value)
		}
	}
	return nil
}
