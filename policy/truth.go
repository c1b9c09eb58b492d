package policy

// truth is the outcome of a test: a test that the request can't answer is
// unknown. In this order, min is "and" and max is "or".
type truth int

const (
	no truth = iota
	unknown
	yes
)

func truthOf(b bool) truth {
	if b {
		return yes
	}
	return no
}

func not(t truth) truth { return yes - t }
