package cli

import "fmt"

// destroyCommand is the verb destroy.
type destroyCommand struct {
	Stack string `arg:"" help:"Name of the CloudFormation stack."`
	target
	DryRun bool `help:"Only say whether there is anything to delete."`
	output
	connection
}

// Run deletes the stack and waits until it is gone.
func (c *destroyCommand) Run(p *running) error {
	w, _, err := c.releaser(p, c.Account)
	if err != nil {
		return err
	}
	if c.DryRun {
		lives, err := w.Lives(p.ctx, c.Stack)
		switch {
		case err != nil:
			return err
		case lives:
			_, err = fmt.Fprintf(p.Stdout, "would delete stack %q with all that it made\n", c.Stack)
		default:
			_, err = fmt.Fprintf(p.Stdout, "there is no stack %q\n", c.Stack)
		}
		return err
	}
	document, err := w.Destroy(p.ctx, c.Stack)
	return c.finish(p, w, document, "", err)
}
