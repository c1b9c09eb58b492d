package document

import (
	"maps"
	"regexp"
	"slices"
	"strings"
)

// Dynamic is a dynamic reference in a text.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references.html
type Dynamic struct {
	Text    string // as it stands: "{{resolve:ssm:name:3}}"
	Service string // one of the constants below
	Name    string // of the parameter: "name:3"; of the secret: its name or ARN
	// Of a secret: which value of its JSON document, and which version. "" for all of
	// it, and for the current one.
	Key, Stage, Version string
}

// What dynamic references are resolved by.
const (
	Stored = "ssm"            // a plain parameter
	Secure = "ssm-secure"     // a SecureString
	Secret = "secretsmanager" // a secret
)

var (
	dynamicShape = regexp.MustCompile(`\{\{resolve:([^:}]*):([^}]*)\}\}`)
	storedShape  = regexp.MustCompile(`^[a-zA-Z0-9_.\-/]+(:\d+)?$`)
)

// Replace returns a property's value with every dynamic reference replaced by what
// f gives for it. Path is where the reference stands: "ContainerDefinitions/Image".
func Replace(v any, path string, f func(path string, d Dynamic) (string, error)) (any, error) {
	switch v := v.(type) {
	case string:
		return replaceText(v, path, f)
	case []any:
		replaced := make([]any, 0, len(v))
		for _, item := range v {
			r, err := Replace(item, path, f)
			if err != nil {
				return nil, err
			}
			replaced = append(replaced, r)
		}
		return replaced, nil
	case map[string]any:
		replaced := make(map[string]any, len(v))
		for _, key := range slices.Sorted(maps.Keys(v)) {
			r, err := Replace(v[key], strings.TrimPrefix(path+"/"+key, "/"), f)
			if err != nil {
				return nil, err
			}
			replaced[key] = r
		}
		return replaced, nil
	}
	return v, nil
}

func replaceText(s, path string, f func(path string, d Dynamic) (string, error)) (any, error) {
	var failed error
	replaced := dynamicShape.ReplaceAllStringFunc(s, func(found string) string {
		d, err := dynamic(found)
		if err != nil {
			failed = err
			return found
		}
		value, err := f(path, d)
		if err != nil {
			failed = err
		}
		return value
	})
	return replaced, failed
}

// dynamic takes a reference apart.
func dynamic(s string) (Dynamic, error) {
	parts := dynamicShape.FindStringSubmatch(s)
	d := Dynamic{Text: s, Service: parts[1], Name: parts[2]}
	switch d.Service {
	case Stored, Secure:
		if !storedShape.MatchString(d.Name) {
			return d, invalid("Incorrect format is used in the following SSM reference: [%s]", s)
		}
		return d, nil
	case Secret:
		return d.secret()
	}
	return d, invalid("Template error: the dynamic reference %s is to none of ssm, ssm-secure and secretsmanager", s)
}

// secret takes "id:SecretString:key:stage:version" apart; an id may be an ARN, which
// has six colons.
func (d Dynamic) secret() (Dynamic, error) {
	wrong := invalid("Incorrect format is used in the following Secrets Manager reference: [%s]", d.Text)
	parts := strings.Split(d.Name, ":")
	own := 1
	if parts[0] == "arn" {
		own = 7
	}
	if len(parts) < own || len(parts) > own+4 {
		return d, wrong
	}
	d.Name = strings.Join(parts[:own], ":")
	rest := slices.Concat(parts[own:], make([]string, 4))
	if d.Name == "" || rest[0] != "" && rest[0] != "SecretString" || rest[2] != "" && rest[3] != "" {
		return d, wrong
	}
	d.Key, d.Stage, d.Version = rest[1], rest[2], rest[3]
	return d, nil
}

// Veiled returns properties in which texts with dynamic references are unknown, for
// who looks at types; Unveil puts the texts back.
func Veiled(v any) any {
	veil := func(s string) any {
		if dynamicShape.MatchString(s) {
			return Unknown{Attribute: s}
		}
		return s
	}
	return walk(v, func(v any) any {
		if s, ok := v.(string); ok {
			return veil(s)
		}
		return v
	})
}

// Unveil undoes Veiled.
func Unveil(v any) any {
	return walk(v, func(v any) any {
		if u, ok := v.(Unknown); ok && u.Resource == "" {
			return u.Attribute
		}
		return v
	})
}

// walk returns a value with each of its scalars as f gives it.
func walk(v any, f func(any) any) any {
	switch v := v.(type) {
	case []any:
		all := make([]any, 0, len(v))
		for _, item := range v {
			all = append(all, walk(item, f))
		}
		return all
	case map[string]any:
		all := make(map[string]any, len(v))
		for key, item := range v {
			all[key] = walk(item, f)
		}
		return all
	}
	return f(v)
}
