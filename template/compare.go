package template

import (
	"maps"
	"slices"
)

// Class says what an update amounts to, going by the templates alone.
type Class string

// The classes of updates.
const (
	Create             Class = "create"
	GreenDeployment    Class = "green_deployment"
	InfrastructureOnly Class = "infrastructure_only"
	Mixed              Class = "mixed" // both at once: the hook refuses it
	NothingToDo        Class = "nothing_to_do"
)

// Action is what an update does to a resource.
type Action string

// The actions.
const (
	Added    Action = "added"
	Removed  Action = "removed"
	Modified Action = "modified"
)

// ResourceChange is a resource whose text differs between two templates.
type ResourceChange struct {
	ID, Type string
	Action   Action
	// Properties are the top-level properties that differ, and attributes such
	// as "DependsOn" or "Condition" behind them. For a modified resource only.
	Properties []string
	// StartsGreen: the change replaces a task definition or a task set of the
	// hook, which starts a green deployment.
	StartsGreen bool
	Line        int // in the new template, or in the old one for a removed resource
}

// Difference is what differs between two templates.
type Difference struct {
	Class     Class
	Resources []ResourceChange // in the order of the new template, removed ones last
	// Sections are top-level sections other than Resources that differ:
	// "Hooks", "Outputs", "Mappings" …
	Sections []string
	// Indirect are resources whose own text is the same and that refer to a
	// parameter, mapping or condition whose declaration differs. Whether they
	// change depends on values; the hook doesn't start a green deployment for it.
	Indirect []string
}

// Green returns the changes that start a green deployment.
func (d Difference) Green() []ResourceChange {
	return slices.DeleteFunc(slices.Clone(d.Resources), func(c ResourceChange) bool { return !c.StartsGreen })
}

// Others returns the changes that must not go together with a green deployment.
func (d Difference) Others() []ResourceChange {
	return slices.DeleteFunc(slices.Clone(d.Resources), func(c ResourceChange) bool { return c.StartsGreen || c.Type == "AWS::ECS::PrimaryTaskSet" })
}

// Compare says how an update from one template to another differs; before is
// nil for a new stack. It compares texts: values of parameters, and what
// functions give, are for a change set to tell.
//
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/about-blue-green-deployments.html
func Compare(before, after *Template) Difference {
	if before == nil {
		return Difference{Class: Create, Resources: changedResources(&Template{Root: NewMap()}, after)}
	}
	d := Difference{
		Resources: changedResources(before, after),
		Sections:  changedSections(before, after),
	}
	d.Indirect = indirect(before, after, d.Resources)
	switch green, others := d.Green(), d.Others(); {
	case len(d.Resources)+len(d.Indirect) == 0 && !slices.Contains(d.Sections, "Outputs"):
		// Other sections can't be updated by themselves:
		// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/metadata-section-structure.html
		d.Class = NothingToDo
	case len(green) == 0:
		d.Class = InfrastructureOnly
	case len(others) > 0:
		d.Class = Mixed
	default:
		d.Class = GreenDeployment
	}
	return d
}

// replaces reports whether a changed property replaces a resource that the
// hook releases.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ecs-taskdefinition.html
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ecs-taskset.html
func replaces(resourceType, property string) bool {
	switch resourceType + "." + property {
	case "AWS::ECS::TaskDefinition.ContainerDefinitions", "AWS::ECS::TaskDefinition.Cpu", "AWS::ECS::TaskDefinition.EnableFaultInjection",
		"AWS::ECS::TaskDefinition.EphemeralStorage", "AWS::ECS::TaskDefinition.ExecutionRoleArn", "AWS::ECS::TaskDefinition.Family",
		"AWS::ECS::TaskDefinition.InferenceAccelerators", "AWS::ECS::TaskDefinition.IpcMode", "AWS::ECS::TaskDefinition.Memory",
		"AWS::ECS::TaskDefinition.NetworkMode", "AWS::ECS::TaskDefinition.PidMode", "AWS::ECS::TaskDefinition.PlacementConstraints",
		"AWS::ECS::TaskDefinition.ProxyConfiguration", "AWS::ECS::TaskDefinition.RequiresCompatibilities",
		"AWS::ECS::TaskDefinition.RuntimePlatform", "AWS::ECS::TaskDefinition.TaskRoleArn", "AWS::ECS::TaskDefinition.Volumes",
		"AWS::ECS::TaskSet.CapacityProviderStrategy", "AWS::ECS::TaskSet.Cluster", "AWS::ECS::TaskSet.ExternalId", "AWS::ECS::TaskSet.LaunchType",
		"AWS::ECS::TaskSet.LoadBalancers", "AWS::ECS::TaskSet.NetworkConfiguration", "AWS::ECS::TaskSet.PlatformVersion",
		"AWS::ECS::TaskSet.Service", "AWS::ECS::TaskSet.ServiceRegistries", "AWS::ECS::TaskSet.TaskDefinition":
		return true
	}
	return false
}

func changedResources(before, after *Template) []ResourceChange {
	var changes []ResourceChange
	hook, _ := after.BlueGreen()
	released := slices.Concat(hook.TaskDefinitions, hook.TaskSets)
	hooked := slices.Contains(after.Transforms(), transformName)
	for _, r := range after.Resources() {
		c := ResourceChange{ID: r.ID, Type: r.Type, Action: Added, Line: r.Entry.Line}
		if old, there := before.Resource(r.ID); there {
			if Equal(old.Node, r.Node) {
				continue
			}
			c.Action, c.Properties = Modified, changedProperties(old, r)
			c.StartsGreen = hooked && old.Type == r.Type && slices.Contains(released, r.ID) &&
				slices.ContainsFunc(c.Properties, func(p string) bool { return replaces(r.Type, p) })
		}
		changes = append(changes, c)
	}
	for _, r := range before.Resources() {
		if _, stays := after.Resource(r.ID); !stays {
			changes = append(changes, ResourceChange{ID: r.ID, Type: r.Type, Action: Removed, Line: r.Entry.Line})
		}
	}
	return changes
}

// changedProperties returns the names of properties, then attributes, that differ.
func changedProperties(before, after Resource) []string {
	if !before.Properties.Is(Map) || !after.Properties.Is(Map) {
		return differing(before.Node, after.Node)
	}
	attributes := slices.DeleteFunc(differing(before.Node, after.Node), func(name string) bool { return name == "Properties" })
	return append(differing(before.Properties, after.Properties), attributes...)
}

// differing returns the keys under which two maps differ, sorted.
func differing(a, b *Node) []string {
	keys := map[string]bool{}
	for _, key := range append(a.Keys(), b.Keys()...) {
		if !Equal(a.Get(key), b.Get(key)) {
			keys[key] = true
		}
	}
	return slices.Sorted(maps.Keys(keys))
}

func changedSections(before, after *Template) []string {
	var names []string
	for _, name := range differing(before.Root, after.Root) {
		if name != "Resources" {
			names = append(names, name)
		}
	}
	return names
}

// indirect returns the resources that refer to a changed declaration.
func indirect(before, after *Template, direct []ResourceChange) []string {
	changed := map[string]bool{} // "Parameters/Vpc"
	for _, section := range []string{"Parameters", "Mappings", "Conditions"} {
		for _, name := range differing(before.Section(section), after.Section(section)) {
			changed[section+"/"+name] = true
		}
	}
	for again := true; again; { // conditions build on parameters, mappings and each other
		again = false
		for _, e := range after.members("Conditions") {
			if !changed["Conditions/"+e.Key] && mentions(e.Value, changed) {
				changed["Conditions/"+e.Key], again = true, true
			}
		}
	}
	var found []string
	for _, r := range after.Resources() {
		isDirect := slices.ContainsFunc(direct, func(c ResourceChange) bool { return c.ID == r.ID })
		if !isDirect && (mentions(r.Node, changed) || changed["Conditions/"+r.Condition]) {
			found = append(found, r.ID)
		}
	}
	return found
}

// mentions reports whether n refers to one of the changed declarations.
func mentions(n *Node, changed map[string]bool) bool {
	for _, r := range References(n) {
		if changed["Parameters/"+r.Target] {
			return true
		}
	}
	found := false
	n.Walk(func(f *Node) bool {
		if f.Kind == Function {
			first := f.Arg
			if first.Is(List) && len(first.Items) > 0 {
				first = first.Items[0]
			}
			switch f.Name {
			case "Fn::FindInMap":
				found = found || changed["Mappings/"+first.Str()]
			case "Fn::If", "Condition":
				found = found || changed["Conditions/"+first.Str()]
			}
		}
		return !found
	})
	return found
}
