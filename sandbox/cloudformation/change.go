package cloudformation

import (
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"orgship/template"
)

// change shows a difference as a change set does.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ResourceChange.html
func change(d difference) types.Change {
	c := &types.ResourceChange{
		LogicalResourceId: aws.String(d.id), ResourceType: aws.String(d.typeName), PhysicalResourceId: nonEmpty(d.physical),
	}
	switch d.action {
	case add:
		c.Action = types.ChangeActionAdd
	case remove:
		c.Action, c.PolicyAction = types.ChangeActionRemove, types.PolicyActionDelete
		if d.policy == retain || d.policy == retainExceptOnCreate {
			c.PolicyAction = types.PolicyActionRetain
		}
	default:
		c.Action, c.Replacement = types.ChangeActionModify, types.ReplacementFalse
		replacement(c, d)
		for _, p := range d.properties {
			c.Details = append(c.Details, details(p)...)
		}
		if len(d.properties) > 0 {
			c.Scope = append(c.Scope, types.ResourceAttributeProperties)
		}
		if d.tags {
			c.Scope = append(c.Scope, types.ResourceAttributeTags)
			c.Details = append(c.Details, types.ResourceChangeDetail{
				Target:     &types.ResourceTargetDefinition{Attribute: types.ResourceAttributeTags, RequiresRecreation: types.RequiresRecreationNever},
				Evaluation: types.EvaluationTypeStatic, ChangeSource: types.ChangeSourceDirectModification,
			})
		}
	}
	return types.Change{Type: types.ChangeTypeResource, ResourceChange: c}
}

func replacement(c *types.ResourceChange, d difference) {
	if d.action != replace {
		return
	}
	c.Replacement = types.ReplacementConditional
	if slices.ContainsFunc(d.properties, func(p propertyDifference) bool { return p.replaces && !p.dynamic }) {
		c.Replacement = types.ReplacementTrue
	}
	c.PolicyAction = types.PolicyActionReplaceAndDelete
	if d.policy == retain {
		c.PolicyAction = types.PolicyActionReplaceAndRetain
	}
}

// details says of one property why it changes: its text, a parameter, or a
// resource that is replaced.
func details(p propertyDifference) []types.ResourceChangeDetail {
	target := types.ResourceTargetDefinition{
		Attribute: types.ResourceAttributeProperties, Name: aws.String(p.name), RequiresRecreation: types.RequiresRecreationNever,
	}
	if p.replaces {
		target.RequiresRecreation = types.RequiresRecreationAlways
	}
	var all []types.ResourceChangeDetail
	if p.text || len(p.causes) == 0 {
		direct := target
		all = append(all, types.ResourceChangeDetail{
			Target: &direct, Evaluation: types.EvaluationTypeStatic, ChangeSource: types.ChangeSourceDirectModification,
		})
	}
	for _, ref := range p.causes {
		all = append(all, cause(target, p, ref))
	}
	return all
}

func cause(target types.ResourceTargetDefinition, p propertyDifference, ref template.Reference) types.ResourceChangeDetail {
	d := types.ResourceChangeDetail{
		Target: &target, CausingEntity: aws.String(ref.Target), Evaluation: types.EvaluationTypeStatic, ChangeSource: types.ChangeSourceParameterReference,
	}
	if !p.dynamic {
		return d
	}
	d.Evaluation, d.ChangeSource = types.EvaluationTypeDynamic, types.ChangeSourceResourceReference
	if p.replaces {
		target.RequiresRecreation = types.RequiresRecreationConditionally
	}
	if ref.Attribute != "" {
		d.ChangeSource, d.CausingEntity = types.ChangeSourceResourceAttribute, aws.String(ref.Target+"."+ref.Attribute)
	}
	return d
}
