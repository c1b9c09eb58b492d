package release

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"orgship/pipeline/analysis"
)

// listening reads the production listener once a second, where CodeDeploy may
// not be read. What it forwards to at the beginning is the version from before.
func (s *shift) listening(ctx context.Context) {
	arn, err := s.cfg.Stacks.PhysicalID(ctx, s.from.StackID, s.hook.listener)
	if err != nil || arn == "" {
		return
	}
	before := ""
	for ctx.Err() == nil {
		weights, err := s.listenerWeights(ctx, arn)
		switch {
		case err != nil && before == "":
			s.advise(fmt.Sprintf("the listener can't be read either (%v): a long row of right answers decides", err))
			return
		case err == nil && before == "":
			if before = alone(weights); before == "" {
				return // in the middle of a shift: there is no telling which is which
			}
			fallthrough
		case err == nil:
			send(ctx, s.weights, analysis.Weight{Known: true, Percent: 100 - portion(weights, before), Since: time.Now()})
		}
		if pause(ctx, time.Second) != nil {
			return
		}
	}
}

// listenerWeights returns the weight of each target group in a listener's default action.
func (s *shift) listenerWeights(ctx context.Context, arn string) (map[string]int32, error) {
	out, err := s.cfg.Balancer.DescribeListeners(ctx, &elasticloadbalancingv2.DescribeListenersInput{ListenerArns: []string{arn}})
	if err != nil {
		return nil, err
	}
	weights := map[string]int32{}
	for _, l := range out.Listeners {
		for _, action := range l.DefaultActions {
			forwards(action, weights)
		}
	}
	return weights, nil
}

func forwards(action types.Action, weights map[string]int32) {
	if action.Type != types.ActionTypeEnumForward {
		return
	}
	if action.ForwardConfig == nil || len(action.ForwardConfig.TargetGroups) == 0 {
		weights[aws.ToString(action.TargetGroupArn)] = 1
		return
	}
	for _, g := range action.ForwardConfig.TargetGroups {
		weight := int32(1)
		if g.Weight != nil {
			weight = *g.Weight
		}
		weights[aws.ToString(g.TargetGroupArn)] = weight
	}
}

// alone returns the only target group that gets traffic, "" when there are several.
func alone(weights map[string]int32) string {
	found := ""
	for arn, weight := range weights {
		if weight > 0 && found != "" {
			return ""
		}
		if weight > 0 {
			found = arn
		}
	}
	return found
}

// portion returns the percentage of traffic that a target group gets.
func portion(weights map[string]int32, arn string) float64 {
	total := int32(0)
	for _, weight := range weights {
		total += weight
	}
	if total == 0 {
		return 0
	}
	return float64(weights[arn]) / float64(total) * 100
}

// percent renders 15 as "15%" and 12.5 as "12.5%".
func percent(p float64) string { return strconv.FormatFloat(p, 'f', -1, 64) + "%" }
