package image

import (
	"encoding/json"
	"fmt"
	"os"
	"path"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// settings are what a Dockerfile's final stage declares.
type settings struct {
	config v1.Config
	binary string // where the compiled app goes, e.g. "/hello"
}

// dockerfile reads a Dockerfile whose final stage copies one file onto an
// empty base. Anything else is refused by name.
// https://docs.docker.com/reference/dockerfile/
type dockerfile struct {
	settings
	given  map[string]string // build arguments given by the caller
	used   map[string]bool   // those of them that the file declares
	global map[string]string // ARG before the first FROM
	values map[string]string // ARG and ENV of the current stage
	stage  int               // 0 before the first FROM
	stages int
}

// instruction is one line of a Dockerfile, continuations joined.
type instruction struct {
	line int
	name string // in upper case
	rest string
}

func readDockerfile(src []byte, args map[string]string) (*settings, error) {
	d := &dockerfile{given: args, used: map[string]bool{}, global: map[string]string{}, values: map[string]string{}}
	list := instructions(src)
	for _, i := range list {
		if i.name == "FROM" {
			d.stages++
		}
	}
	for _, i := range list {
		if err := d.read(i); err != nil {
			return nil, fmt.Errorf("line %d: %w", i.line, err)
		}
	}
	if d.binary == "" {
		return nil, fmt.Errorf("the final stage copies nothing from another one")
	}
	for _, name := range sortedKeys(args) {
		if !d.used[name] {
			return nil, fmt.Errorf("there is no ARG %s to take the build argument", name)
		}
	}
	return &d.settings, nil
}

// instructions splits a Dockerfile, leaving out comments and empty lines.
func instructions(src []byte) []instruction {
	var list []instruction
	open := false // the last instruction goes on
	for i, line := range strings.Split(string(src), "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		text, more := strings.CutSuffix(line, `\`)
		if open {
			list[len(list)-1].rest += " " + strings.TrimSpace(text)
		} else {
			name, rest, _ := strings.Cut(text, " ")
			list = append(list, instruction{line: i + 1, name: strings.ToUpper(name), rest: strings.TrimSpace(rest)})
		}
		open = more
	}
	return list
}

func (d *dockerfile) read(i instruction) error {
	switch {
	case i.name == "FROM":
		return d.from(i.rest)
	case i.name == "ARG":
		return d.arg(i.rest)
	case d.stage < d.stages:
		return nil // a stage that compiles: the Go toolchain does that
	}
	switch i.name {
	case "ENV":
		return d.pairs(i.rest, d.setEnv)
	case "LABEL":
		return d.pairs(i.rest, d.setLabel)
	case "COPY":
		return d.copyBinary(i.rest)
	case "WORKDIR":
		d.config.WorkingDir = path.Join("/", d.config.WorkingDir, d.expand(i.rest))
	case "USER":
		d.config.User = d.expand(i.rest)
	case "STOPSIGNAL":
		d.config.StopSignal = d.expand(i.rest)
	case "EXPOSE":
		d.expose(i.rest)
	case "ENTRYPOINT":
		return execForm(i, &d.config.Entrypoint)
	case "CMD":
		return execForm(i, &d.config.Cmd)
	default:
		return fmt.Errorf("%s in the final stage needs Docker", i.name)
	}
	return nil
}

func (d *dockerfile) from(rest string) error {
	d.stage++
	d.values = map[string]string{}
	if d.stage < d.stages {
		return nil
	}
	base := strings.Fields(rest)
	for len(base) > 0 && strings.HasPrefix(base[0], "--") {
		base = base[1:]
	}
	if len(base) == 0 {
		return fmt.Errorf("FROM names no base")
	}
	if name := os.Expand(base[0], func(key string) string { return d.global[key] }); name != "scratch" {
		return fmt.Errorf("the base %s needs Docker; only scratch does without", name)
	}
	return nil
}

func (d *dockerfile) arg(rest string) error {
	name, value, _ := strings.Cut(rest, "=")
	if given, ok := d.given[name]; ok {
		value = given
		d.used[name] = true
	} else if value == "" {
		value = d.global[name]
	}
	if d.stage == 0 {
		d.global[name] = value
	} else {
		d.values[name] = value
	}
	return nil
}

// pairs reads KEY=value pairs, where a value may stand in double quotes.
func (d *dockerfile) pairs(rest string, set func(key, value string)) error {
	for rest = strings.TrimSpace(rest); rest != ""; rest = strings.TrimSpace(rest) {
		key, after, ok := strings.Cut(rest, "=")
		if !ok || strings.ContainsAny(key, " \t\"") {
			return fmt.Errorf("%q is not of the form KEY=value", rest)
		}
		value := ""
		if quoted, isQuoted := strings.CutPrefix(after, `"`); isQuoted {
			if value, rest, ok = strings.Cut(quoted, `"`); !ok {
				return fmt.Errorf("the quote of %s is not closed", key)
			}
		} else {
			value, rest, _ = strings.Cut(after, " ")
		}
		set(key, d.expand(value))
	}
	return nil
}

func (d *dockerfile) expand(text string) string {
	return os.Expand(text, func(key string) string { return d.values[key] })
}

func (s *settings) setEnv(name, value string) {
	for i, e := range s.config.Env {
		if strings.HasPrefix(e, name+"=") {
			s.config.Env[i] = name + "=" + value
			return
		}
	}
	s.config.Env = append(s.config.Env, name+"="+value)
}

func (s *settings) setLabel(name, value string) {
	if s.config.Labels == nil {
		s.config.Labels = map[string]string{}
	}
	s.config.Labels[name] = value
}

func (d *dockerfile) copyBinary(rest string) error {
	fields := strings.Fields(rest)
	if len(fields) != 3 || !strings.HasPrefix(fields[0], "--from=") || !path.IsAbs(fields[2]) || strings.HasSuffix(fields[2], "/") || d.binary != "" {
		return fmt.Errorf("COPY %s needs Docker; only one COPY --from=stage file /file does without", rest)
	}
	d.binary = path.Clean(fields[2])
	return nil
}

func (d *dockerfile) expose(rest string) {
	if d.config.ExposedPorts == nil {
		d.config.ExposedPorts = map[string]struct{}{}
	}
	for _, port := range strings.Fields(d.expand(rest)) {
		if !strings.Contains(port, "/") {
			port += "/tcp"
		}
		d.config.ExposedPorts[port] = struct{}{}
	}
}

func execForm(i instruction, to *[]string) error {
	if err := json.Unmarshal([]byte(i.rest), to); err != nil {
		return fmt.Errorf("%s has to be a JSON list (the base has no shell): %w", i.name, err)
	}
	return nil
}
