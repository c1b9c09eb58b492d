package template

import (
	"slices"
	"strconv"
)

// sizes looks for tasks of a size that Fargate doesn't have. Sizes that aren't
// literal numbers of units and MiB are for AWS to judge.
func (l *linter) sizes() {
	for _, r := range l.t.Resources() {
		if r.Type != "AWS::ECS::TaskDefinition" || !onFargate(r) {
			continue
		}
		cpu, isCPU := literal(r.Properties.Get("Cpu"))
		memory, isMemory := literal(r.Properties.Get("Memory"))
		switch {
		case !isCPU:
		case len(fargateMemory(cpu)) == 0:
			l.report("OS011", r.Properties.Get("Cpu"), "No Fargate configuration exists for given values: %d CPU units: 256, 512, 1024, 2048, 4096, 8192 and 16384 exist", cpu)
		case isMemory && !slices.Contains(fargateMemory(cpu), memory):
			l.report("OS011", r.Properties.Get("Memory"), "No Fargate configuration exists for given values: %d CPU units, %d MiB: %s", cpu, memory, offered(fargateMemory(cpu)))
		}
	}
}

func onFargate(r Resource) bool {
	list := r.Properties.Get("RequiresCompatibilities")
	if !list.Is(List) {
		return false
	}
	return slices.ContainsFunc(list.Items, func(n *Node) bool { return n.Str() == "FARGATE" })
}

func literal(n *Node) (int, bool) {
	if !n.Is(Scalar) {
		return 0, false
	}
	value, err := strconv.Atoi(n.Text)
	return value, err == nil
}

// fargateMemory returns the memory that goes with a number of CPU units; none if
// Fargate doesn't have it.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html#fargate-tasks-size
func fargateMemory(cpu int) []int {
	switch cpu {
	case 256:
		return []int{512, 1024, 2048}
	case 512:
		return steps(1, 4, 1)
	case 1024:
		return steps(2, 8, 1)
	case 2048:
		return steps(4, 16, 1)
	case 4096:
		return steps(8, 30, 1)
	case 8192:
		return steps(16, 60, 4)
	case 16384:
		return steps(32, 120, 8)
	}
	return nil
}

// steps are sizes of whole GiB.
func steps(from, to, by int) (sizes []int) {
	for n := from; n <= to; n += by {
		sizes = append(sizes, n*1024)
	}
	return sizes
}

func offered(sizes []int) string {
	if sizes[0] == 512 {
		return "512, 1024 and 2048 exist"
	}
	return strconv.Itoa(sizes[0]) + " to " + strconv.Itoa(sizes[len(sizes)-1]) + " in steps of " + strconv.Itoa(sizes[1]-sizes[0]) + " exist"
}
