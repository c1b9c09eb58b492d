// Command program is the orgship command line inside a Dagger engine: the engine
// builds the demo's images, runs the sandbox's tasks as services, pushes
// containers and shows the steps. The functions of the module run it with
// privileged nesting, in a container that holds little else.
//
// Environment: ORGSHIP_SANDBOX, host:port of a sandbox that is then found on
// 127.0.0.1 at the same port; ORGSHIP_GO_IMAGE and ORGSHIP_BASE_IMAGE, build
// arguments of the demo's Dockerfiles.
package main

import (
	"cmp"
	"context"
	"fmt"
	"os"

	"orgship/cli"
)

// statusError is the exit status when nothing could be found out.
const statusError = 2

func main() {
	switch os.Args[0] {
	case innerPath: // in a task's container, followed by the task's id
		os.Exit(runInner(os.Args[2:], socketPath, os.Stdout, os.Stderr))
	case indexPath:
		os.Exit(said(printIndex(os.Args[1], os.Stdout)))
	}
	os.Exit(program(os.Args[1:]))
}

// program runs the command line.
func program(args []string) (status int) {
	shown := openSpans(context.Background(), os.Getenv)
	defer shown.close()
	e := newEngine(os.Getenv, shown)
	defer e.close()
	if sandbox := os.Getenv("ORGSHIP_SANDBOX"); sandbox != "" {
		f, err := forward(sandbox)
		if err == nil {
			err = reach(context.Background(), sandbox)
		}
		if err != nil {
			return said(err)
		}
		defer func() { _ = f.Close() }()
	}
	p := cli.Program{
		Args: args, Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Getenv: getenv,
		Runtime: &tasks{engine: e}, Builder: &builder{engine: e, getenv: os.Getenv}, Publish: (&publisher{e}).publish,
	}
	if shown != nil {
		p.Show, p.Chapter = shown.show, shown.chapter
	}
	return cli.Run(p)
}

// getenv is the environment, where the engine shows all of Unicode.
func getenv(name string) string {
	if name == "LANG" {
		return cmp.Or(os.Getenv(name), "C.UTF-8")
	}
	return os.Getenv(name)
}

// said prints an error, if there is one.
func said(err error) (status int) {
	if err == nil {
		return 0
	}
	fmt.Fprintln(os.Stderr, "error:", err)
	if hinted, ok := err.(interface{ Hint() string }); ok {
		fmt.Fprintln(os.Stderr, "hint:", hinted.Hint())
	}
	return statusError
}
