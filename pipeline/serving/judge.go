package serving

import (
	"fmt"
	"slices"
	"strings"

	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"orgship/pipeline/report"
)

// Judge says whether the records prove that one of the digests, those of an image
// and of its platforms, gets all the traffic, and in one line why, or why not. It
// claims no more than what they show.
func Judge(e report.Evidence, digests []string) (proved bool, why string) {
	if len(e.Groups) == 0 {
		return false, "no rule of the listener sends traffic to the service"
	}
	tasks := map[string]bool{}
	for _, g := range e.Groups {
		serving := healthy(g.Targets)
		if len(serving) == 0 {
			return false, fmt.Sprintf("target group %s, which gets traffic (%s of a rule), has no healthy target: nothing records whom the load balancer asks then", short(g.TargetGroup), percent(g.Percent))
		}
		for _, t := range serving {
			switch {
			case t.Task == "":
				return false, fmt.Sprintf("target %s of %s is no task of the service", t.Address, short(g.TargetGroup))
			case t.Digest == "":
				return false, fmt.Sprintf("ECS doesn't say which image task %s runs", short(t.Task))
			case !slices.Contains(digests, t.Digest):
				return false, fmt.Sprintf("task %s, which gets traffic (%s of a rule), runs %s", short(t.Task), percent(g.Percent), t.Digest)
			}
			tasks[t.Task] = true
		}
	}
	run := fmt.Sprintf("all %d tasks that get traffic run", len(tasks))
	if len(tasks) == 1 {
		run = "the one task that gets traffic runs"
	}
	return true, fmt.Sprintf("by AWS's records %s the image (target group %s)", run, short(e.Groups[0].TargetGroup))
}

// Share is the percentage of the traffic that goes to tasks which run one of the
// digests; known is false where no target is healthy.
func Share(e report.Evidence, digests []string) (percent float64, known bool) {
	all := 0.0
	for _, g := range e.Groups {
		serving := healthy(g.Targets)
		if len(serving) == 0 {
			continue
		}
		ours := 0
		for _, t := range serving {
			if slices.Contains(digests, t.Digest) {
				ours++
			}
		}
		all += g.Percent
		percent += g.Percent * float64(ours) / float64(len(serving))
	}
	if all == 0 {
		return 0, false
	}
	return 100 * percent / all, true
}

// Only returns the one digest that all healthy targets run by the records, "" where
// they run several, or somebody isn't known.
func Only(e report.Evidence) string {
	var all []string
	for _, g := range e.Groups {
		for _, t := range healthy(g.Targets) {
			all = append(all, t.Digest)
		}
	}
	if all = slices.Compact(all); len(all) != 1 {
		return ""
	}
	return all[0]
}

// healthy are the targets that get requests for sure. Where there is none the
// load balancer fails open, to targets that it doesn't record.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html
func healthy(targets []report.ServingTarget) []report.ServingTarget {
	return slices.DeleteFunc(slices.Clone(targets), func(t report.ServingTarget) bool {
		return t.State != string(elbtypes.TargetHealthStateEnumHealthy)
	})
}

// short is the last part of an ARN that people recognise.
func short(arn string) string {
	if _, rest, ok := strings.Cut(arn, ":targetgroup/"); ok {
		name, _, _ := strings.Cut(rest, "/")
		return name
	}
	return arn[strings.LastIndex(arn, "/")+1:]
}

func percent(p float64) string { return fmt.Sprintf("%.3g%%", p) }

// Contrary reports whether the records show that something else than one of the
// digests gets traffic: not only that they don't prove it.
func Contrary(e report.Evidence, digests []string) bool {
	for _, g := range e.Groups {
		if slices.ContainsFunc(healthy(g.Targets), func(t report.ServingTarget) bool {
			return t.Digest != "" && !slices.Contains(digests, t.Digest)
		}) {
			return true
		}
	}
	return false
}
