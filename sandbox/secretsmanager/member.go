package secretsmanager

import "encoding/json"

// Member returns one value of a secret that is a JSON document, as text: a string as it
// is, anything else as JSON. It returns ok false for what isn't there.
func Member(secret, key string) (text string, ok bool) {
	var values map[string]any
	_ = json.Unmarshal([]byte(secret), &values) // what isn't JSON has no such key
	switch v := values[key].(type) {
	case nil:
		return "", false
	case string:
		return v, true
	default:
		body, err := json.Marshal(v)
		return string(body), err == nil
	}
}
