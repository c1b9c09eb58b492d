package cli

import (
	"bufio"
	"fmt"
	"os"
	"strings"

	"golang.org/x/term"

	"orgship/pipeline/release"
	"orgship/pipeline/report"
)

// destroyCommand is the verb destroy.
type destroyCommand struct {
	Stack stackName `arg:"" help:"Name of the CloudFormation stack."`
	delivery
	DryRun bool `help:"Only say what would be deleted."`
	Yes    bool `short:"y" help:"Delete without asking; required where there is no terminal to ask on."`
	output
	connection
}

// Run deletes the stack and waits until it is gone.
func (c *destroyCommand) Run(p *running) error {
	if !c.DryRun && !c.Yes {
		if err := c.ask(p); err != nil {
			return c.refused(p, report.Destroy, string(c.Stack), err)
		}
	}
	w, _, err := c.deliverer(p, c.delivery)
	if err != nil {
		return c.refused(p, report.Destroy, string(c.Stack), err)
	}
	document, err := w.Destroy(p.ctx, release.Destruction{Stack: string(c.Stack), DryRun: c.DryRun})
	result := ""
	if c.DryRun {
		result = document.Summary
	}
	return c.finish(p, w, document, result, err)
}

// ask has the stack's name typed before anything is deleted.
func (c *destroyCommand) ask(p *running) error {
	in, ok := p.Stdin.(*os.File)
	if !ok || !term.IsTerminal(int(in.Fd())) {
		return &usageError{
			fmt.Sprintf("destroying stack %q: there is no terminal to ask on", c.Stack),
			again(p.Args, "destroy", string(c.Stack), "--yes"),
		}
	}
	fmt.Fprintf(p.Stderr, "This deletes stack %q with all that it made. Type its name to go on: ", c.Stack)
	answer, _ := bufio.NewReader(in).ReadString('\n')
	if strings.TrimSpace(answer) != string(c.Stack) {
		return &usageError{"nothing was deleted: the name that was typed isn't the stack's", again(p.Args, "destroy", string(c.Stack), "--yes")}
	}
	return nil
}
