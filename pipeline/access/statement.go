package access

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"orgship/policy"
)

// document is a policy as JSON, to be changed and evaluated again.
type document struct {
	Version   string     `json:",omitempty"`
	Statement statements // in JSON one statement, or a list
}

type statements []statement

// statement is one of a policy that can be parsed: its elements have the right form.
type statement map[string]any

// everyone is the Principal that names everybody.
const everyone = "*"

// UnmarshalJSON reads a list of statements, or one.
func (s *statements) UnmarshalJSON(text []byte) error {
	var list []statement
	if err := json.Unmarshal(text, &list); err == nil {
		*s = list
		return nil
	}
	var one statement
	err := json.Unmarshal(text, &one)
	*s = statements{one}
	return err
}

// read reads a policy that can be parsed.
func read(text string) document {
	var d document
	if err := json.Unmarshal([]byte(text), &d); err != nil {
		return document{}
	}
	return d
}

// parse makes a policy of the document; nil for one without statements.
func (d document) parse() (*policy.Document, error) {
	if len(d.Statement) == 0 {
		return nil, nil
	}
	text, err := json.Marshal(d)
	if err != nil {
		return nil, err
	}
	return policy.Parse(text)
}

func (s statement) denies() bool { return s["Effect"] == "Deny" }

// name is as package policy names the statement.
func (s statement) name(at int) string {
	if sid, _ := s["Sid"].(string); sid != "" {
		return fmt.Sprintf("statement %q", sid)
	}
	return fmt.Sprintf("statement %d", at+1)
}

// texts returns a value or a list of values.
func texts(value any) []string {
	switch v := value.(type) {
	case nil:
		return nil
	case []string:
		return v
	case []any:
		var out []string
		for _, item := range v {
			out = append(out, fmt.Sprint(item))
		}
		return out
	}
	return []string{fmt.Sprint(value)}
}

// condition is one operator applied to one key.
type condition struct {
	operator, key string
	values        []string
}

// conditions returns those of a statement, in order.
func (s statement) conditions() []condition {
	var all []condition
	block, _ := s["Condition"].(map[string]any)
	for operator, keys := range block {
		for key, values := range keys.(map[string]any) {
			all = append(all, condition{operator, key, texts(values)})
		}
	}
	slices.SortFunc(all, func(a, b condition) int { return strings.Compare(a.operator+" "+a.key, b.operator+" "+b.key) })
	return all
}

// replacedBy writes another condition in a condition's place; unless there is one
// with that operator and key.
func (c condition) replacedBy(right condition) func(statement) {
	return func(s statement) {
		block := s["Condition"].(map[string]any)
		from := block[c.operator].(map[string]any)
		to, _ := block[right.operator].(map[string]any)
		if to == nil {
			to = map[string]any{}
		}
		if to[right.key] != nil && (c.operator != right.operator || c.key != right.key) {
			return
		}
		delete(from, c.key)
		to[right.key] = right.values
		block[right.operator] = to
		if len(from) == 0 {
			delete(block, c.operator)
		}
	}
}

// String writes the condition as it stands in a policy.
func (c condition) String() string {
	var values any = c.values
	if len(c.values) == 1 {
		values = c.values[0]
	}
	text, err := json.Marshal(values)
	if err != nil {
		return err.Error() // can't happen: they are strings
	}
	return fmt.Sprintf("%q: {%q: %s}", c.operator, c.key, text)
}
