package stack

import "context"

// Finding is what the linter says about a template.
type Finding struct {
	Line, Column          int
	Rule, Message, Source string
}

func (d *draft) lint() error { return nil }

func (c *Client) compare(ctx context.Context, d *draft, before Stack, p *Plan) error { return nil }
