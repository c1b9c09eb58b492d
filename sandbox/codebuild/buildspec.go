package codebuild

import (
	"errors"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Buildspec is what a build does.
// https://docs.aws.amazon.com/codebuild/latest/userguide/build-spec-ref.html
type Buildspec struct {
	Shell     string            // sh, or bash
	Variables map[string]string // of the environment
	Exported  []string          // names of variables that the build shows
	// Those phases that it has, of install, pre_build, build and post_build.
	Phases  map[string]Phase
	Reports []ReportSpec // by name
}

// Phase is the commands of a phase.
type Phase struct {
	Commands []string // the first that fails ends them
	Finally  []string // run whatever became of the commands
	// OnFailure says what comes after a failure: "ABORT", "CONTINUE", or "" for
	// what is usual after that phase.
	OnFailure string
}

// ReportSpec says which JUnit files make a report.
type ReportSpec struct {
	Name  string
	Base  string   // folder, "" for the source's
	Files []string // patterns: *, ?, **
}

// ParseBuildspec reads a buildspec of version 0.2. Its error names all that is
// wrong with its lines: keys that the reference doesn't have, values of a wrong
// kind, and what the sandbox doesn't model.
//
// Assumption A95: CodeBuild's own words for a faulty buildspec aren't documented,
// nor which unknown keys it reads over; here each is a fault.
func ParseBuildspec(source []byte) (*Buildspec, error) {
	var document yaml.Node
	if err := yaml.Unmarshal(source, &document); err != nil {
		return nil, errors.New(strings.TrimPrefix(err.Error(), "yaml: "))
	}
	if len(document.Content) == 0 {
		return nil, errors.New("the buildspec is empty")
	}
	r := &reader{}
	spec := r.buildspec(document.Content[0])
	if len(r.faults) > 0 {
		return nil, errors.New(strings.Join(r.faults, "; "))
	}
	return spec, nil
}

func (r *reader) buildspec(n *yaml.Node) *Buildspec {
	spec := &Buildspec{Shell: "sh", Variables: map[string]string{}, Phases: map[string]Phase{}}
	r.keys(n, "the buildspec", fields{
		"version": r.version,
		"run-as":  r.unmodelled("run-as"), "proxy": r.unmodelled("proxy"), "batch": r.unmodelled("batch"),
		"env":       func(n *yaml.Node) { r.env(n, spec) },
		"phases":    func(n *yaml.Node) { r.phases(n, spec) },
		"reports":   func(n *yaml.Node) { r.reports(n, spec) },
		"artifacts": r.artifacts,
		"cache":     r.cache,
	}, "version", "phases")
	return spec
}

func (r *reader) version(n *yaml.Node) {
	switch r.text(n) {
	case "0.2":
	case "0.1":
		r.unmodelled("version 0.1 of buildspecs")(n)
	default:
		r.fault(n, "version is %q, must be 0.2", n.Value)
	}
}

func (r *reader) env(n *yaml.Node, spec *Buildspec) {
	r.keys(n, "env", fields{
		"shell":                 func(n *yaml.Node) { spec.Shell = r.oneOf(n, "shell", "bash", "sh") },
		"variables":             func(n *yaml.Node) { spec.Variables = r.variables(n) },
		"exported-variables":    func(n *yaml.Node) { spec.Exported = r.texts(n) },
		"git-credential-helper": r.yesNo,
		"parameter-store":       r.unmodelled("env.parameter-store"),
		"secrets-manager":       r.unmodelled("env.secrets-manager"),
	})
}

func (r *reader) variables(n *yaml.Node) map[string]string {
	values := map[string]string{}
	r.each(n, "variables", func(key, value *yaml.Node) {
		if strings.HasPrefix(key.Value, reserved) {
			r.fault(key, "variable %s: the prefix %s is reserved", key.Value, reserved)
		}
		values[key.Value] = r.text(value)
	})
	return values
}

func (r *reader) phases(n *yaml.Node, spec *Buildspec) {
	known := fields{}
	for _, name := range []string{"install", "pre_build", "build", "post_build"} {
		known[name] = func(n *yaml.Node) { spec.Phases[name] = r.phase(n, name) }
	}
	r.keys(n, "phases", known)
	if n.Kind == yaml.MappingNode && len(n.Content) == 0 {
		r.fault(n, "phases has none of %s", strings.Join(slices.Sorted(maps.Keys(known)), ", "))
	}
}

func (r *reader) phase(n *yaml.Node, name string) Phase {
	var p Phase
	known := fields{
		"commands":   func(n *yaml.Node) { p.Commands = r.texts(n) },
		"finally":    func(n *yaml.Node) { p.Finally = r.texts(n) },
		"run-as":     r.unmodelled("run-as"),
		"on-failure": func(n *yaml.Node) { p.OnFailure = r.onFailure(n) },
	}
	if name == "install" { // the runtimes are those of this machine: A90
		known["runtime-versions"] = func(n *yaml.Node) {
			r.each(n, "runtime-versions", func(_, version *yaml.Node) { r.text(version) })
		}
	}
	r.keys(n, name, known)
	return p
}

func (r *reader) onFailure(n *yaml.Node) string {
	if strings.HasPrefix(r.text(n), "RETRY") {
		r.unmodelled("on-failure: " + n.Value)(n)
		return ""
	}
	return r.oneOf(n, "on-failure", "ABORT", "CONTINUE")
}

func (r *reader) reports(n *yaml.Node, spec *Buildspec) {
	r.each(n, "reports", func(key, value *yaml.Node) {
		report := ReportSpec{Name: key.Value}
		if strings.HasPrefix(key.Value, "arn:") {
			r.unmodelled("a report group by ARN")(key)
		}
		r.keys(value, "report "+key.Value, fields{
			"files":          func(n *yaml.Node) { report.Files = r.texts(n) },
			"base-directory": func(n *yaml.Node) { report.Base = r.text(n) },
			"discard-paths":  r.yesNo,
			"file-format": func(n *yaml.Node) {
				if !strings.EqualFold(r.text(n), "JUNITXML") {
					r.unmodelled("file-format: " + n.Value)(n)
				}
			},
		}, "files")
		spec.Reports = append(spec.Reports, report)
	})
	slices.SortFunc(spec.Reports, func(a, b ReportSpec) int { return strings.Compare(a.Name, b.Name) })
}

// artifacts checks what a project with NO_ARTIFACTS doesn't use.
func (r *reader) artifacts(n *yaml.Node) {
	known := fields{
		"files": r.textList, "exclude-paths": r.textList, "discard-paths": r.yesNo, "enable-symlinks": r.yesNo,
		"name": r.scalar, "base-directory": r.scalar, "s3-prefix": r.scalar,
	}
	secondary := maps.Clone(known)
	known["secondary-artifacts"] = func(n *yaml.Node) {
		r.each(n, "secondary-artifacts", func(key, value *yaml.Node) { r.keys(value, key.Value, secondary, "files") })
	}
	r.keys(n, "artifacts", known, "files")
}

// cache checks what no build here needs: nothing is cached.
func (r *reader) cache(n *yaml.Node) {
	r.keys(n, "cache", fields{"key": r.scalar, "action": r.scalar, "fallback-keys": r.textList, "paths": r.textList})
}
