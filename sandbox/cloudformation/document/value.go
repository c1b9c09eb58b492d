package document

import (
	"strconv"

	"orgship/template"
)

// scalar returns the Go value of a scalar: string, bool, int64 or float64.
func scalar(n *template.Node) any {
	switch n.Type {
	case template.BoolType:
		return n.Text == "true"
	case template.NumberType:
		text := string(n.JSON())
		if i, err := strconv.ParseInt(text, 10, 64); err == nil {
			return i
		}
		if f, err := strconv.ParseFloat(text, 64); err == nil {
			return f
		}
	}
	return n.Text
}

// text returns a scalar as the string that CloudFormation makes of it.
func text(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case bool:
		return strconv.FormatBool(v), true
	case int64:
		return strconv.FormatInt(v, 10), true
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64), true
	}
	return "", false
}
