package hook

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"orgship/pipeline/report"
	"orgship/pipeline/strategy"
)

// balancer reads how a listener shares its traffic out.
type balancer interface {
	DescribeListeners(context.Context, *elasticloadbalancingv2.DescribeListenersInput, ...func(*elasticloadbalancingv2.Options)) (*elasticloadbalancingv2.DescribeListenersOutput, error)
}

// listen reads the production listener once a second, where CodeDeploy may not
// be read. What it forwards to at the beginning is the version from before.
func (s *blueGreen) listen(ctx context.Context, stackID string, o strategy.Observer) error {
	arn, err := s.stacks.PhysicalID(ctx, stackID, s.hook.ProductionListener)
	if err != nil || arn == "" {
		return err
	}
	before := ""
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		weights, err := s.weights(ctx, arn)
		switch {
		case err != nil && before == "":
			return fmt.Errorf("the listener can't be read either (%w): a long row of right answers decides", err)
		case err == nil && before == "":
			if before = alone(weights); before == "" {
				return nil // in the middle of a shift: there is no telling which is which
			}
			fallthrough
		case err == nil:
			o.Weight(report.Traffic{At: time.Now(), Percent: 100 - portion(weights, before), Status: "by the listener"})
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// weights returns the weight of each target group in a listener's default action.
func (s *blueGreen) weights(ctx context.Context, arn string) (map[string]int32, error) {
	out, err := s.balancer.DescribeListeners(ctx, &elasticloadbalancingv2.DescribeListenersInput{ListenerArns: []string{arn}})
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
