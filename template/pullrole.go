package template

import "slices"

// PullRole is the role that pulls a template's image: the execution role of the
// task definition that is released.
type PullRole struct {
	// Resource is its logical id where the template makes it.
	Resource string
	// ARN is that of a role which is there already, or its name; "" where the
	// template makes it, names none, or gives it in a way that can't be told.
	ARN string
	// Needed says that the task definition names no role and can't do without:
	// Fargate pulls from ECR by it.
	Needed bool
	// Managed are the ARNs of managed policies that the template attaches, Documents
	// its own policies as JSON. Where functions make a resource of those, it is "*".
	Managed   []string
	Documents [][]byte
	// Whole says that the template alone tells all that the role may.
	Whole bool
}

// PullRole finds the role that pulls, with the parameters' values.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_execution_IAM_role.html
func (t *Template) PullRole(parameters map[string]string) PullRole {
	hook, _ := t.BlueGreen()
	id, err := t.live("AWS::ECS::TaskDefinition", hook.TaskDefinitions)
	if err != nil {
		return PullRole{}
	}
	task, _ := t.Resource(id)
	n := task.Properties.Get("ExecutionRoleArn")
	switch {
	case n.IsNull():
		return PullRole{Needed: slices.Contains(task.Properties.Get("RequiresCompatibilities").texts(), "FARGATE")}
	case n.Is(Scalar):
		return PullRole{ARN: n.Text}
	}
	made, ok := t.Resource(first(References(n)))
	switch {
	case ok && made.Type == "AWS::IAM::Role":
		return t.made(made)
	case n.Is(Function) && n.Name == "Ref" && !ok:
		return PullRole{ARN: t.value(n.Arg.Str(), parameters)}
	}
	return PullRole{}
}

// value is a parameter's.
func (t *Template) value(parameter string, given map[string]string) string {
	if v, ok := given[parameter]; ok {
		return v
	}
	return t.Section("Parameters").Find(parameter, "Default").Str()
}

// made reads a role of the template, with what other resources attach to it.
func (t *Template) made(role Resource) PullRole {
	r := PullRole{Resource: role.ID, Whole: true}
	r.attach(role.Properties.Get("ManagedPolicyArns"))
	policies := role.Properties.Get("Policies")
	r.Whole = r.Whole && (policies == nil || policies.Is(List))
	for _, p := range policies.items() {
		r.grant(p.Get("PolicyDocument"))
	}
	for _, other := range t.Resources() {
		switch other.Type {
		case "AWS::IAM::Policy", "AWS::IAM::ManagedPolicy", "AWS::IAM::RolePolicy":
			if refersTo(other.Properties.Get("Roles"), role.ID) || refersTo(other.Properties.Get("RoleName"), role.ID) {
				r.grant(other.Properties.Get("PolicyDocument"))
			}
		}
	}
	return r
}

// attach notes managed policies.
func (r *PullRole) attach(list *Node) {
	r.Whole = r.Whole && (list == nil || list.Is(List))
	for _, item := range list.items() {
		if !item.Is(Scalar) {
			r.Whole = false
			continue
		}
		r.Managed = append(r.Managed, item.Text)
	}
}

// grant notes a policy. What only values tell, but for the resource of an Allow,
// can't be judged from here.
func (r *PullRole) grant(document *Node) {
	document = document.Clone()
	for _, s := range document.Get("Statement").statements() {
		if resource := s.Get("Resource"); resource != nil && s.Get("Effect").Str() == "Allow" && len(functionsIn(resource)) > 0 {
			s.Set("Resource", String("*"))
		}
	}
	if !document.Is(Map) || len(functionsIn(document)) > 0 {
		r.Whole = false
		return
	}
	r.Documents = append(r.Documents, document.JSON())
}

// statements are those of a policy: a list, or one by itself.
func (n *Node) statements() []*Node {
	if n.Is(Map) {
		return []*Node{n}
	}
	return n.items()
}

// functionsIn returns the functions in n and below.
func functionsIn(n *Node) []*Node {
	var found []*Node
	n.Walk(func(f *Node) bool {
		if f.Kind == Function {
			found = append(found, f)
		}
		return true
	})
	return found
}
