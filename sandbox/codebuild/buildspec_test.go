package codebuild_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"orgship/sandbox/codebuild"
)

func TestParseBuildspec(t *testing.T) {
	t.Parallel()
	got, err := codebuild.ParseBuildspec([]byte(`version: 0.2
env:
  shell: bash
  variables: {A: "1", B: 2}
  exported-variables: [A]
  git-credential-helper: yes
phases:
  install:
    runtime-versions: {golang: 1.26}
    commands: [one]
  build:
    on-failure: ABORT
    commands:
      - |
        two
        three
    finally: [four]
reports:
  unit: {files: ["*.xml"], base-directory: out, discard-paths: no}
artifacts: {files: ["**/*"], name: x}
cache: {paths: [a]}
`))
	if err != nil {
		t.Fatal(err)
	}
	want := &codebuild.Buildspec{
		Shell: "bash", Variables: map[string]string{"A": "1", "B": "2"}, Exported: []string{"A"},
		Phases: map[string]codebuild.Phase{
			"install": {Commands: []string{"one"}},
			"build":   {Commands: []string{"two\nthree\n"}, Finally: []string{"four"}, OnFailure: "ABORT"},
		},
		Reports: []codebuild.ReportSpec{{Name: "unit", Base: "out", Files: []string{"*.xml"}}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestParseBuildspecRefuses(t *testing.T) {
	t.Parallel()
	const phases = "\nphases: {build: {commands: [x]}}"
	for source, want := range map[string]string{
		"":                                       "the buildspec is empty",
		"version: 0.2\n  a: [":                   "line 2: mapping values are not allowed in this context",
		"- a":                                    "line 1: the buildspec must be a mapping",
		"phases: {build: {}}":                    `line 1: the buildspec lacks the key "version"`,
		"version: 0.2":                           `line 1: the buildspec lacks the key "phases"`,
		"version: 0.3" + phases:                  `line 1: version is "0.3", must be 0.2`,
		"version: 0.1" + phases:                  "line 1: the orgship sandbox does not model version 0.1 of buildspecs",
		"version: 0.2\nversion: 0.2" + phases:    `line 2: key "version" is given twice in the buildspec`,
		"version: 0.2\nrun-as: me" + phases:      "line 2: the orgship sandbox does not model run-as",
		"version: 0.2\nbatch: {}" + phases:       "line 2: the orgship sandbox does not model batch",
		"version: 0.2\nenv: {shell: a}" + phases: `line 2: shell is "a", must be one of bash, sh`,
		"version: 0.2\nenv: {secrets-manager: {A: b}}" + phases:                                "line 2: the orgship sandbox does not model env.secrets-manager",
		"version: 0.2\nenv: {variables: {CODEBUILD_X: b}}" + phases:                            "line 2: variable CODEBUILD_X: the prefix CODEBUILD_ is reserved",
		"version: 0.2\nphases: {build: {commands: x}}":                                         "line 2: expected a list of strings, found a string",
		"version: 0.2\nphases: {build: {commands: [[x]]}}":                                     "line 2: expected a string, found a list",
		"version: 0.2\nphases: {build: {commands: [~]}}":                                       "line 2: expected a string, found nothing",
		"version: 0.2\nphases:\n  build:\n    commands:\n      - echo a: b":                    `line 5: expected a string, found subkeys: quote a text that has ": " in it`,
		"version: 0.2\nphases: {build: {on-failure: RETRY-2}}":                                 "line 2: the orgship sandbox does not model on-failure: RETRY-2",
		"version: 0.2\nphases: {build: {on-failure: no}}":                                      `line 2: on-failure is "no", must be one of ABORT, CONTINUE`,
		"version: 0.2\nphases: {build: {runtime-versions: {go: 1}}}":                           `line 2: unknown key "runtime-versions" in build`,
		"version: 0.2\nreports: {a: {file-format: TESTNGXML}}" + phases:                        `line 2: the orgship sandbox does not model file-format: TESTNGXML; line 2: report a lacks the key "files"`,
		"version: 0.2\nreports: {'arn:aws:codebuild:x': {files: [a]}}" + phases:                "line 2: the orgship sandbox does not model a report group by ARN",
		"version: 0.2\nartifacts: {files: [a], discard-paths: perhaps}" + phases:               `line 2: expected yes or no, found "perhaps"`,
		"version: 0.2\nartifacts: {files: [a], secondary-artifacts: {b: {file: []}}}" + phases: `line 2: unknown key "file" in b; line 2: b lacks the key "files"`,
	} {
		_, err := codebuild.ParseBuildspec([]byte(source))
		if err == nil || err.Error() != want {
			t.Errorf("%q: %v\nwant %s", source, err, want)
		}
	}
}

func FuzzParseBuildspec(f *testing.F) {
	f.Add("version: 0.2\nphases: {build: {commands: [x]}}")
	f.Add("a: &a [*a]")
	f.Fuzz(func(t *testing.T, source string) {
		spec, err := codebuild.ParseBuildspec([]byte(source))
		if (spec == nil) == (err == nil) {
			t.Errorf("%v and %v", spec, err)
		}
	})
}
