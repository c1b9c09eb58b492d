package resource

// Types returns the resource types that the sandbox models, by name.
func Types(rooms Rooms) map[string]*Type {
	families := [][]*Type{
		{repository(rooms.Repositories)},
		securityGroups(rooms.Groups),
		balancing(rooms.Balancers),
		{role(rooms.Identities), rolePolicy(rooms.Identities), managedPolicy(rooms.Identities), oidcProvider(rooms.Identities)},
		{logGroup(rooms.Logs)},
		containers(rooms.Containers),
		{buildProject(rooms.Builds)},
		{stackSet(rooms.StackSets)},
	}
	types := map[string]*Type{}
	for _, family := range families {
		for _, t := range family {
			types[t.Name] = t
		}
	}
	return types
}

// tagList describes the property Tags.
func tagList() Property {
	return objects(Object{"Key": text().need(), "Value": text().need()})
}
