package ecr

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"orgship/sandbox/wire"
)

// lifecyclePolicy is the document of
// https://docs.aws.amazon.com/AmazonECR/latest/userguide/lifecycle_policy_parameters.html
type lifecyclePolicy struct {
	Rules []lifecycleRule `json:"rules"`
}

type lifecycleRule struct {
	RulePriority *int               `json:"rulePriority"`
	Description  string             `json:"description"`
	Selection    lifecycleSelection `json:"selection"`
	Action       lifecycleAction    `json:"action"`
}

type lifecycleSelection struct {
	TagStatus      string   `json:"tagStatus"`
	TagPatternList []string `json:"tagPatternList"`
	TagPrefixList  []string `json:"tagPrefixList"`
	StorageClass   string   `json:"storageClass"`
	CountType      string   `json:"countType"`
	CountUnit      string   `json:"countUnit"`
	CountNumber    *int     `json:"countNumber"`
}

type lifecycleAction struct {
	Type               string `json:"type"`
	TargetStorageClass string `json:"targetStorageClass"`
}

// checkLifecycle refuses a lifecycle policy that ECR would refuse: one of more
// than 30,720 characters or 50 rules, or with a rule that breaks the documented
// rules. Moving images to the archive storage class is not modelled.
func checkLifecycle(text string) error {
	if len(text) > 30720 {
		return invalid("LifecyclePolicyText", "must have length less than or equal to 30720")
	}
	var p lifecyclePolicy
	d := json.NewDecoder(bytes.NewReader([]byte(text)))
	d.DisallowUnknownFields()
	if err := d.Decode(&p); err != nil {
		return badLifecycle("Could not map policyString into LifecyclePolicy.")
	}
	if n := len(p.Rules); n < 1 || n > 50 {
		return badLifecycle("a policy has 1 to 50 rules, this one has %d", n)
	}
	seen := map[int]bool{}
	last := slices.MaxFunc(p.Rules, func(a, b lifecycleRule) int { return a.priority() - b.priority() }).priority()
	for _, r := range p.Rules {
		if err := r.check(); err != nil {
			return err
		}
		if seen[r.priority()] {
			return badLifecycle("rulePriority %d is used twice", r.priority())
		}
		seen[r.priority()] = true
		if r.Selection.TagStatus == "any" && r.priority() != last {
			return badLifecycle("a rule with tagStatus any must have the highest rulePriority")
		}
	}
	return nil
}

func (r lifecycleRule) priority() int {
	if r.RulePriority == nil {
		return 0
	}
	return *r.RulePriority
}

func (r lifecycleRule) check() error {
	switch {
	case r.priority() < 1:
		return badLifecycle("each rule needs a rulePriority of 1 or more")
	case r.Action.Type == "transition" || r.Selection.StorageClass == "archive" || r.Selection.CountType == "sinceImageTransitioned":
		return wire.NotModelled("the archive storage class of ECR lifecycle policies")
	case r.Action.Type != "expire" || r.Action.TargetStorageClass != "":
		return badLifecycle("instance value (%q) not found in enum (possible values: [\"expire\"])", r.Action.Type)
	}
	if err := r.Selection.checkTags(); err != nil {
		return err
	}
	return r.Selection.checkCount()
}

func (l lifecycleSelection) checkTags() error {
	listed := len(l.TagPatternList) + len(l.TagPrefixList)
	switch l.TagStatus {
	case "tagged":
		if listed == 0 {
			return badLifecycle("tagStatus tagged needs a tagPrefixList or a tagPatternList")
		}
	case "untagged", "any":
		if listed > 0 {
			return badLifecycle("tagStatus %s takes neither tagPrefixList nor tagPatternList", l.TagStatus)
		}
	default:
		return badLifecycle("instance value (%q) not found in enum (possible values: [\"any\",\"tagged\",\"untagged\"])", l.TagStatus)
	}
	for _, pattern := range l.TagPatternList {
		if strings.Count(pattern, "*") > 4 {
			return badLifecycle("a tag pattern has at most four wildcards, %q has more", pattern)
		}
	}
	return nil
}

func (l lifecycleSelection) checkCount() error {
	if l.CountNumber == nil || *l.CountNumber < 1 {
		return badLifecycle("countNumber must be 1 or more")
	}
	switch l.CountType {
	case "imageCountMoreThan":
		if l.CountUnit != "" {
			return badLifecycle("countType imageCountMoreThan takes no countUnit")
		}
	case "sinceImagePushed", "sinceImagePulled":
		if l.CountUnit != "days" {
			return badLifecycle("instance value (%q) not found in enum (possible values: [\"days\"])", l.CountUnit)
		}
	default:
		return badLifecycle("instance failed to match exactly one schema: countType %q", l.CountType)
	}
	return nil
}

func badLifecycle(format string, args ...any) error {
	return invalid("LifecyclePolicyText", "Lifecycle policy validation failure: %s", fmt.Sprintf(format, args...))
}
