package elb

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	elbv2 "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"orgship/sandbox/wire"
)

// health is what a target group checks its targets by.
type health struct {
	interval, timeout  time.Duration
	healthy, unhealthy int // thresholds
	path               string
	port               int // 0: the port of the target
	codes              []codeRange
}

type codeRange struct{ low, high int }

func (h health) equal(o health) bool {
	return slices.Equal(h.codes, o.codes) && h.interval == o.interval && h.timeout == o.timeout &&
		h.healthy == o.healthy && h.unhealthy == o.unhealthy && h.path == o.path && h.port == o.port
}

// matches reports whether a status code is one of a healthy target.
func (h health) matches(status int) bool {
	return slices.ContainsFunc(h.codes, func(r codeRange) bool { return r.low <= status && status <= r.high })
}

// changeHealth returns g with the health check settings that in sets.
func changeHealth(g types.TargetGroup, in *elbv2.ModifyTargetGroupInput) (types.TargetGroup, error) {
	g.HealthCheckEnabled = cmp.Or(in.HealthCheckEnabled, g.HealthCheckEnabled)
	g.HealthCheckIntervalSeconds = cmp.Or(in.HealthCheckIntervalSeconds, g.HealthCheckIntervalSeconds)
	g.HealthCheckPath = cmp.Or(in.HealthCheckPath, g.HealthCheckPath)
	g.HealthCheckPort = cmp.Or(in.HealthCheckPort, g.HealthCheckPort)
	g.HealthCheckProtocol = cmp.Or(in.HealthCheckProtocol, g.HealthCheckProtocol)
	g.HealthCheckTimeoutSeconds = cmp.Or(in.HealthCheckTimeoutSeconds, g.HealthCheckTimeoutSeconds)
	g.HealthyThresholdCount = cmp.Or(in.HealthyThresholdCount, g.HealthyThresholdCount)
	g.UnhealthyThresholdCount = cmp.Or(in.UnhealthyThresholdCount, g.UnhealthyThresholdCount)
	g.Matcher = cmp.Or(in.Matcher, g.Matcher)
	_, err := healthOf(g)
	return g, err
}

// healthOf checks the settings of a target group and returns them for the pool.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html
func healthOf(g types.TargetGroup) (health, error) {
	h := health{
		interval:  time.Duration(*g.HealthCheckIntervalSeconds) * time.Second,
		timeout:   time.Duration(*g.HealthCheckTimeoutSeconds) * time.Second,
		healthy:   int(*g.HealthyThresholdCount),
		unhealthy: int(*g.UnhealthyThresholdCount),
		path:      *g.HealthCheckPath,
	}
	if err := h.checkLimits(); err != nil {
		return health{}, err
	}
	switch {
	case !*g.HealthCheckEnabled:
		return health{}, invalid("Health check enabled must be true for target groups with target type 'ip'")
	case g.HealthCheckProtocol != types.ProtocolEnumHttp:
		return health{}, wire.NotModelled("health check protocol %s (only HTTP)", g.HealthCheckProtocol)
	case !strings.HasPrefix(h.path, "/") || len(h.path) > 1024:
		return health{}, invalid("Health check path '%s' must start with '/' and have at most 1024 characters", h.path)
	case val(g.Matcher.GrpcCode) != "":
		return health{}, invalid("GRPC codes cannot be specified for a target group with protocol version HTTP1")
	}
	var err error
	if h.port, err = healthPort(*g.HealthCheckPort); err != nil {
		return health{}, err
	}
	h.codes, err = parseCodes(val(g.Matcher.HttpCode))
	return h, err
}

func (h health) checkLimits() error {
	limits := []struct {
		name            string
		value, low, top int
	}{
		{"Health check interval", int(h.interval.Seconds()), 5, 300},
		{"Health check timeout", int(h.timeout.Seconds()), 2, 120},
		{"Healthy threshold count", h.healthy, 2, 10},
		{"Unhealthy threshold count", h.unhealthy, 2, 10},
	}
	for _, l := range limits {
		if l.value < l.low || l.value > l.top {
			return invalid("%s '%d' must be between '%d' and '%d'", l.name, l.value, l.low, l.top)
		}
	}
	if h.timeout >= h.interval {
		return invalid("Health check interval must be greater than the timeout.")
	}
	return nil
}

func healthPort(port string) (int, error) {
	if port == "traffic-port" {
		return 0, nil
	}
	n, err := strconv.Atoi(port)
	if err != nil || n < 1 || n > 65535 {
		return 0, invalid("Health check port '%s' must be either 'traffic-port' or a port from 1 to 65535", port)
	}
	return n, nil
}

// parseCodes parses a matcher: "200", "200,202", "200-299", within 200 to 499.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_Matcher.html
func parseCodes(matcher string) ([]codeRange, error) {
	var out []codeRange
	for part := range strings.SplitSeq(matcher, ",") {
		low, high, isRange := strings.Cut(strings.TrimSpace(part), "-")
		if !isRange {
			high = low
		}
		l, lerr := strconv.Atoi(low)
		h, herr := strconv.Atoi(high)
		if lerr != nil || herr != nil || l < 200 || h > 499 || l > h {
			return nil, invalid("Health check matcher HTTP code '%s' must be within '200-499'", matcher)
		}
		out = append(out, codeRange{l, h})
	}
	return out, nil
}
