package template

// Image returns the image that Render would replace, and whether it is written
// there literally; it is "" for a function such as !Ref.
func Image(src []byte, container string) (image string, literal bool, err error) {
	e, err := newEditor(src)
	if err != nil {
		return "", false, err
	}
	hook, _ := e.t.BlueGreen()
	id, err := e.t.live("AWS::ECS::TaskDefinition", hook.TaskDefinitions)
	if err != nil {
		return "", false, err
	}
	p, err := e.container(path{"Resources", id, "Properties"}, container)
	if err != nil {
		return "", false, err
	}
	n := e.node(p.add("Image"))
	return n.Str(), n.Is(Scalar), nil
}
