package document

import (
	"maps"
	"slices"

	"orgship/template"
)

// Graph says which resources a resource needs: logical ids by logical id,
// those it refers to and those in its DependsOn.
type Graph map[string][]string

// NewGraph returns the graph of resources. References to anything that isn't
// among them are left out. A cycle is an error.
func NewGraph(resources []template.Resource) (Graph, error) {
	g := Graph{}
	for _, r := range resources {
		g[r.ID] = nil
	}
	for _, r := range resources {
		needs := slices.Clone(r.DependsOn)
		for _, ref := range template.References(r.Properties) {
			needs = append(needs, ref.Target)
		}
		slices.Sort(needs)
		for _, id := range slices.Compact(needs) {
			if _, among := g[id]; among {
				g[r.ID] = append(g[r.ID], id)
			}
		}
	}
	if cycle := g.cycle(); len(cycle) > 0 {
		return nil, invalid("Circular dependency between resources: %s", quoted(cycle))
	}
	return g, nil
}

// Reverse returns for each resource those that need it: the order of deletion.
func (g Graph) Reverse() Graph {
	reverse := make(Graph, len(g))
	for id := range g {
		reverse[id] = nil
	}
	for _, id := range slices.Sorted(maps.Keys(g)) {
		for _, need := range g[id] {
			reverse[need] = append(reverse[need], id)
		}
	}
	return reverse
}

// Order returns the resources so that each stands behind those it needs.
func (g Graph) Order() []string {
	var order []string
	done := map[string]bool{}
	var visit func(id string)
	visit = func(id string) {
		if done[id] {
			return
		}
		done[id] = true
		for _, need := range g[id] {
			visit(need)
		}
		order = append(order, id)
	}
	for _, id := range slices.Sorted(maps.Keys(g)) {
		visit(id)
	}
	return order
}

// cycle returns the resources that are in cycles or need one that is, sorted.
func (g Graph) cycle() []string {
	rest := maps.Clone(g)
	for changed := true; changed; {
		changed = false
		for id, needs := range rest {
			if !slices.ContainsFunc(needs, func(need string) bool { _, open := rest[need]; return open }) {
				delete(rest, id)
				changed = true
			}
		}
	}
	// Of what is left, only what something left needs is in a cycle.
	for changed := true; changed; {
		changed = false
		needed := map[string]bool{}
		for _, needs := range rest {
			for _, need := range needs {
				needed[need] = true
			}
		}
		for id := range rest {
			if !needed[id] {
				delete(rest, id)
				changed = true
			}
		}
	}
	return slices.Sorted(maps.Keys(rest))
}
