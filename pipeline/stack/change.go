package stack

import (
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"orgship/pipeline/report"
	"orgship/template"
)

// Classifier says what changes amount to, by how the stack's service gets its new
// versions. Released are the changes that make one, others all that has nothing to
// do with it.
type Classifier interface {
	// Compare goes by two templates alone, and finds only what can't go together.
	Compare(before, after *template.Template) (released, others []report.Change)
	// Classify goes by a change set.
	Classify(changes []report.Change) (class report.Class, released, others []report.Change)
}

// classify is what changes amount to where nobody knows how the service gets its
// new versions, or the stack has none.
func (r Request) classify(changes []report.Change) (class report.Class, released, others []report.Change) {
	switch {
	case r.Classifier != nil:
		return r.Classifier.Classify(changes)
	case len(changes) == 0:
		return report.NothingToDo, nil, nil
	}
	return report.InfrastructureOnly, nil, changes
}

func newChange(c types.ResourceChange) report.Change {
	change := report.Change{
		LogicalID:   aws.ToString(c.LogicalResourceId),
		Type:        aws.ToString(c.ResourceType),
		Action:      string(c.Action),
		Replacement: string(c.Replacement),
	}
	for _, d := range c.Details {
		if d.Target == nil {
			continue
		}
		cause := string(d.Target.Attribute)
		if name := aws.ToString(d.Target.Name); name != "" {
			cause += "." + name
		}
		if by := aws.ToString(d.CausingEntity); by != "" {
			cause += " (from " + by + ")"
		}
		if cause != "" && !slices.Contains(change.Causes, cause) {
			change.Causes = append(change.Causes, cause)
		}
	}
	return change
}
