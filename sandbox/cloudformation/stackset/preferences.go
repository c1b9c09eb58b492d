package stackset

import (
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"orgship/sandbox/wire"
)

// limits are how many accounts of an operation may be worked on at a time, and
// how many may fail.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_StackSetOperationPreferences.html
type limits struct {
	concurrent, tolerance int
	soft                  bool // fails don't lower how many at a time
}

// limitsOf returns what preferences mean for a number of accounts. By default it
// is one at a time, and none may fail.
func limitsOf(p *types.StackSetOperationPreferences, accounts int) limits {
	if p == nil {
		return limits{concurrent: 1}
	}
	l := limits{concurrent: 1, soft: p.ConcurrencyMode == types.ConcurrencyModeSoftFailureTolerance}
	switch {
	case p.MaxConcurrentCount != nil:
		l.concurrent = int(*p.MaxConcurrentCount)
	case p.MaxConcurrentPercentage != nil:
		l.concurrent = max(1, accounts*int(*p.MaxConcurrentPercentage)/100)
	}
	switch {
	case p.FailureToleranceCount != nil:
		l.tolerance = int(*p.FailureToleranceCount)
	case p.FailureTolerancePercentage != nil:
		l.tolerance = accounts * int(*p.FailureTolerancePercentage) / 100
	}
	return l
}

// room returns how many accounts may be worked on at a time after a number of
// them failed. Strictly, there are never so many that more could fail than the
// tolerance and one.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/concurrency-mode.html
func (l limits) room(failed int) int {
	switch {
	case failed > l.tolerance:
		return 0
	case l.soft:
		return l.concurrent
	}
	return min(l.concurrent, l.tolerance+1-failed)
}

// checkPreferences refuses values out of bounds and pairs that exclude each other.
func checkPreferences(p *types.StackSetOperationPreferences) error {
	if p == nil {
		return nil
	}
	for _, n := range []struct {
		member string
		value  *int32
		low    int32
		high   int32
	}{
		{"failureToleranceCount", p.FailureToleranceCount, 0, 1 << 30},
		{"failureTolerancePercentage", p.FailureTolerancePercentage, 0, 100},
		{"maxConcurrentCount", p.MaxConcurrentCount, 1, 1 << 30},
		{"maxConcurrentPercentage", p.MaxConcurrentPercentage, 1, 100},
	} {
		if n.value != nil && (*n.value < n.low || *n.value > n.high) {
			return invalid("1 validation error detected: Value '%d' at 'operationPreferences.%s' failed to satisfy constraint: Member must be between %d and %d",
				*n.value, n.member, n.low, n.high)
		}
	}
	switch {
	case p.FailureToleranceCount != nil && p.FailureTolerancePercentage != nil:
		return invalid("You must specify either FailureToleranceCount or FailureTolerancePercentage, but not both")
	case p.MaxConcurrentCount != nil && p.MaxConcurrentPercentage != nil:
		return invalid("You must specify either MaxConcurrentCount or MaxConcurrentPercentage, but not both")
	case len(p.RegionOrder) > 1:
		return wire.NotModelled("RegionOrder of several regions")
	}
	return nil
}
