package elb

import (
	"encoding/base64"
	"slices"
)

// page cuts one page out of items: at most size (nil: all), from the item after
// the one that marker names. key returns an item's ARN.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeLoadBalancers.html
func page[T any](items []T, key func(T) string, size *int32, marker *string) (out []T, next *string, err error) {
	if size != nil && (*size < 1 || *size > 400) {
		return nil, nil, invalid("1 validation error detected: Value '%d' at 'pageSize' failed to satisfy constraint: Member must have value between 1 and 400", *size)
	}
	start := 0
	if val(marker) != "" {
		last, err := base64.RawURLEncoding.DecodeString(*marker)
		if err != nil {
			return nil, nil, invalid("Invalid marker '%s'", *marker)
		}
		i := slices.IndexFunc(items, func(t T) bool { return key(t) == string(last) })
		if i < 0 {
			return nil, nil, invalid("Invalid marker '%s'", *marker)
		}
		start = i + 1
	}
	end := len(items)
	if size != nil {
		end = min(end, start+int(*size))
	}
	if end < len(items) {
		next = new(base64.RawURLEncoding.EncodeToString([]byte(key(items[end-1]))))
	}
	return items[start:end], next, nil
}
