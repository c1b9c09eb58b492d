// Command orgship builds an image once, shares it with the accounts of an
// organizational unit and releases it blue/green into them, and brings an AWS
// of its own to do so on a machine that has none.
package main

import (
	"os"

	"orgship/cli"
	"orgship/sandbox/task"
)

func main() {
	task.Init() // a task of the sandbox begins as this program
	os.Exit(cli.Run(cli.Program{Args: os.Args[1:], Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Getenv: os.Getenv}))
}
