package elb

import (
	"errors"

	"orgship/sandbox/page"
)

// cut returns a page of at most size items (nil: all) from the item after the one that
// marker names. key returns an item's ARN.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeLoadBalancers.html
func cut[T any](items []T, key func(T) string, size *int32, marker *string) (out []T, next *string, err error) {
	if val(marker) == "" {
		marker = nil
	}
	out, next, err = page.List[T]{Name: "Describe", Key: key, Max: 400, Endless: true}.Cut(items, size, marker)
	switch {
	case errors.Is(err, page.ErrSize):
		return nil, nil, invalid("1 validation error detected: Value '%d' at 'pageSize' failed to satisfy constraint: Member must have value between 1 and 400", *size)
	case err != nil:
		return nil, nil, invalid("Invalid marker '%s'", *marker)
	}
	return out, next, nil
}
