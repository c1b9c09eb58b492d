package elb

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
)

// matcher reports whether a request meets a condition.
type matcher func(*http.Request) bool

// compile makes a matcher of a condition that checkConditions has passed.
func compile(c types.RuleCondition) matcher {
	switch *c.Field {
	case fieldHost:
		// Not case sensitive; the port of the Host header is left out.
		// Assumption A51: AWS documents no port in the comparison.
		return func(r *http.Request) bool { return anyMatch(c.Values, hostname(r.Host), true) }
	case fieldPath:
		// Case sensitive, the path alone, as it was sent.
		return func(r *http.Request) bool { return anyMatch(c.Values, r.URL.EscapedPath(), false) }
	case fieldMethod:
		return func(r *http.Request) bool { return slices.Contains(c.HttpRequestMethodConfig.Values, r.Method) }
	case fieldHeader:
		return func(r *http.Request) bool {
			return slices.ContainsFunc(header(r, *c.HttpHeaderConfig.HttpHeaderName), func(v string) bool {
				return anyMatch(c.HttpHeaderConfig.Values, v, true)
			})
		}
	case fieldSource:
		return matchSource(c.SourceIpConfig.Values)
	}
	return matchQuery(c.QueryStringConfig.Values)
}

// header returns a header's values; Go keeps Host apart.
func header(r *http.Request, name string) []string {
	if strings.EqualFold(name, "host") {
		return []string{r.Host}
	}
	return r.Header.Values(name)
}

func hostname(host string) string {
	if h, _, err := net.SplitHostPort(host); err == nil {
		return h
	}
	return host
}

func matchSource(cidrs []string) matcher {
	var blocks []netip.Prefix
	for _, c := range cidrs {
		blocks = append(blocks, netip.MustParsePrefix(c)) // checked by checkValue
	}
	return func(r *http.Request) bool {
		from, err := netip.ParseAddrPort(r.RemoteAddr)
		return err == nil && slices.ContainsFunc(blocks, func(b netip.Prefix) bool { return b.Contains(from.Addr().Unmap()) })
	}
}

// matchQuery compares decoded keys and values, not case sensitive; a value
// without a key matches that value of any key.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_QueryStringConditionConfig.html
func matchQuery(wants []types.QueryStringKeyValuePair) matcher {
	return func(r *http.Request) bool {
		for part := range strings.SplitSeq(r.URL.RawQuery, "&") {
			key, value, hasValue := strings.Cut(part, "=")
			if !hasValue {
				key, value = "", part
			}
			key, value = unescape(key), unescape(value)
			if slices.ContainsFunc(wants, func(w types.QueryStringKeyValuePair) bool {
				return (w.Key == nil || wild(*w.Key, key, true)) && wild(val(w.Value), value, true)
			}) {
				return true
			}
		}
		return false
	}
}

func unescape(s string) string {
	if u, err := url.QueryUnescape(s); err == nil {
		return u
	}
	return s
}

func anyMatch(patterns []string, s string, fold bool) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return wild(p, s, fold) })
}

// wild reports whether s matches a pattern in which * stands for any number of
// characters, ? for one, and \ takes the next character as it is.
func wild(pattern, s string, fold bool) bool {
	if fold {
		pattern, s = strings.ToLower(pattern), strings.ToLower(s)
	}
	var p, i int
	star, mark := -1, 0 // the last * and where it began to match
	for i < len(s) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, mark = p, i
			p++
		case matchOne(pattern, &p, s[i]):
			i++
		case star >= 0:
			mark++
			p, i = star+1, mark
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}

// matchOne matches one character of a pattern that is no * and moves past it.
func matchOne(pattern string, p *int, c byte) bool {
	switch {
	case *p >= len(pattern):
		return false
	case pattern[*p] == '?':
		*p++
		return true
	case pattern[*p] == '\\' && *p+1 < len(pattern):
		if pattern[*p+1] != c {
			return false
		}
		*p += 2
		return true
	case pattern[*p] != c:
		return false
	}
	*p++
	return true
}
