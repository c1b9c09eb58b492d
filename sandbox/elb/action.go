package elb

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"orgship/sandbox/wire"
)

// checkActions checks the actions of a rule or listener of b, which has that protocol, and returns them
// as AWS describes them, with all defaults.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_Action.html
func (a *account) checkActions(actions []types.Action, b *balancer, protocol types.ProtocolEnum) ([]types.Action, error) {
	if len(actions) == 0 {
		return nil, required("action")
	}
	for _, act := range actions {
		switch act.Type {
		case types.ActionTypeEnumForward, types.ActionTypeEnumRedirect, types.ActionTypeEnumFixedResponse:
		default:
			return nil, wire.NotModelled("action type %s (only forward, redirect, fixed-response)", act.Type)
		}
	}
	if len(actions) > 1 {
		return nil, wire.Errorf("TooManyActions", "A rule can have only one forward, redirect or fixed-response action")
	}
	act, err := a.checkAction(actions[0], b, protocol)
	if err != nil {
		return nil, err
	}
	return []types.Action{act}, nil
}

func (a *account) checkAction(act types.Action, b *balancer, protocol types.ProtocolEnum) (types.Action, error) {
	var err error
	switch act.Type {
	case types.ActionTypeEnumRedirect:
		act.RedirectConfig, err = checkRedirect(act.RedirectConfig)
	case types.ActionTypeEnumFixedResponse:
		err = checkFixed(act.FixedResponseConfig)
	default:
		act.ForwardConfig, err = forwardConfig(act)
		if err == nil {
			act.TargetGroupArn = nil
			if len(act.ForwardConfig.TargetGroups) == 1 {
				act.TargetGroupArn = act.ForwardConfig.TargetGroups[0].TargetGroupArn
			}
			err = a.checkForward(act.ForwardConfig, b, protocol)
		}
	}
	return act, err
}

// forwardConfig returns the target groups of a forward action, however given.
func forwardConfig(act types.Action) (*types.ForwardActionConfig, error) {
	out := &types.ForwardActionConfig{TargetGroupStickinessConfig: &types.TargetGroupStickinessConfig{Enabled: new(false)}}
	if act.ForwardConfig == nil || len(act.ForwardConfig.TargetGroups) == 0 {
		if act.TargetGroupArn == nil {
			return nil, required("target group ARN")
		}
		out.TargetGroups = []types.TargetGroupTuple{{TargetGroupArn: act.TargetGroupArn, Weight: new(int32(1))}}
		return out, nil
	}
	given := act.ForwardConfig
	if act.TargetGroupArn != nil && (len(given.TargetGroups) != 1 || val(given.TargetGroups[0].TargetGroupArn) != *act.TargetGroupArn) {
		return nil, invalid("You can specify only one of target group ARN and forward config, or the same target group in both")
	}
	if c := given.TargetGroupStickinessConfig; c != nil {
		if seconds := val(c.DurationSeconds); (val(c.Enabled) || c.DurationSeconds != nil) && (seconds < 1 || seconds > 604800) {
			return nil, invalid("Target group stickiness duration '%d' must be between '1' and '604800' seconds", seconds)
		}
		out.TargetGroupStickinessConfig = &types.TargetGroupStickinessConfig{Enabled: new(val(c.Enabled)), DurationSeconds: c.DurationSeconds}
	}
	for _, t := range given.TargetGroups {
		t.Weight = cmp.Or(t.Weight, new(int32(1)))
		if *t.Weight < 0 || *t.Weight > 999 {
			return nil, invalid("The weight '%d' of a target group must be between '0' and '999'", *t.Weight)
		}
		if slices.ContainsFunc(out.TargetGroups, func(o types.TargetGroupTuple) bool { return val(o.TargetGroupArn) == val(t.TargetGroupArn) }) {
			return nil, invalid("Target group '%s' was specified more than once", val(t.TargetGroupArn))
		}
		out.TargetGroups = append(out.TargetGroups, t)
	}
	return out, nil
}

// checkForward checks that the target groups may stand behind b.
func (a *account) checkForward(c *types.ForwardActionConfig, b *balancer, protocol types.ProtocolEnum) error {
	if len(c.TargetGroups) > 5 {
		return wire.Errorf("TooManyTargetGroups", "An action can forward to at most '5' target groups")
	}
	for _, t := range c.TargetGroups {
		g, err := a.group(val(t.TargetGroupArn))
		if err != nil {
			return err
		}
		if *g.ProtocolVersion == http2Version && protocol != types.ProtocolEnumHttps {
			// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-target-groups.html#target-group-protocol-version
			return wire.Errorf("IncompatibleProtocols", "Target group '%s' has protocol version HTTP2, which HTTPS listeners alone forward to", g.arn())
		}
		if *g.VpcId != *b.VpcId {
			return wire.Errorf("InvalidConfigurationRequest", "Target group '%s' is not in the VPC '%s' of the load balancer", g.arn(), *b.VpcId)
		}
		if len(g.LoadBalancerArns) > 0 && !slices.Contains(g.LoadBalancerArns, b.arn()) {
			return wire.Errorf("TargetGroupAssociationLimit", "The following target groups cannot be associated with more than one load balancer: %s", g.arn())
		}
	}
	return nil
}

// checkFixed checks a fixed response.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_FixedResponseActionConfig.html
func checkFixed(c *types.FixedResponseActionConfig) error {
	contents := []string{"", "text/plain", "text/css", "text/html", "application/javascript", "application/json"}
	switch {
	case c == nil:
		return required("fixed response config")
	case !regexp.MustCompile(`^[245]\d\d$`).MatchString(val(c.StatusCode)):
		return invalid("The status code '%s' of a fixed response must be 2XX, 4XX or 5XX", val(c.StatusCode))
	case !slices.Contains(contents, val(c.ContentType)):
		return invalid("The content type '%s' of a fixed response is not valid", val(c.ContentType))
	case len(val(c.MessageBody)) > 1024:
		return invalid("The message body of a fixed response can have at most '1024' characters")
	}
	return nil
}

// checkRedirect checks a redirect and fills in its defaults.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_RedirectActionConfig.html
func checkRedirect(c *types.RedirectActionConfig) (*types.RedirectActionConfig, error) {
	if c == nil {
		return nil, required("redirect config")
	}
	if c.StatusCode != types.RedirectActionStatusCodeEnumHttp301 && c.StatusCode != types.RedirectActionStatusCodeEnumHttp302 {
		return nil, invalid("The status code '%s' of a redirect must be HTTP_301 or HTTP_302", c.StatusCode)
	}
	loop := types.RedirectActionConfig{
		Protocol: new("#{protocol}"), Host: new("#{host}"), Port: new("#{port}"), Path: new("/#{path}"), Query: new("#{query}"),
	}
	out := &types.RedirectActionConfig{
		StatusCode: c.StatusCode,
		Protocol:   cmp.Or(c.Protocol, loop.Protocol),
		Host:       cmp.Or(c.Host, loop.Host),
		Port:       cmp.Or(c.Port, loop.Port),
		Path:       cmp.Or(c.Path, loop.Path),
		Query:      cmp.Or(c.Query, loop.Query),
	}
	port, err := strconv.Atoi(*out.Port)
	switch {
	case !slices.Contains([]string{"HTTP", "HTTPS", "#{protocol}"}, *out.Protocol):
		return nil, invalid("The protocol '%s' of a redirect must be HTTP, HTTPS or #{protocol}", *out.Protocol)
	case *out.Port != "#{port}" && (err != nil || port < 1 || port > 65535):
		return nil, invalid("The port '%s' of a redirect must be 1 to 65535 or #{port}", *out.Port)
	case !strings.HasPrefix(*out.Path, "/"):
		return nil, invalid("The path '%s' of a redirect must start with '/'", *out.Path)
	case *out.Protocol == *loop.Protocol && *out.Host == *loop.Host && *out.Port == *loop.Port && *out.Path == *loop.Path:
		return nil, wire.Errorf("InvalidLoadBalancerAction", "The redirect must change the protocol, port, hostname or path, or it would loop")
	}
	return out, nil
}
