package release

import (
	"context"
	"net/http"
	"testing"

	"orgship/pipeline/report"
	"orgship/pipeline/verify"
)

// named is a transport that is asked nothing.
type named string

func (named) RoundTrip(*http.Request) (*http.Response, error) { return nil, http.ErrNotSupported }

func TestTransport(t *testing.T) {
	for _, test := range []struct {
		name                 string
		config, check, wants http.RoundTripper
	}{
		{"none", nil, nil, nil},
		{"the configuration's", named("config"), nil, named("config")},
		{"the check's own", named("config"), named("check"), named("check")},
	} {
		t.Run(test.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, w *world) {
				w.story = course(greenSays)
				checks, probes := 0, 0
				note := func(n *int, got http.RoundTripper) {
					w.mu.Lock()
					defer w.mu.Unlock()
					*n++
					if got != test.wants {
						t.Errorf("asked with %v, want %v", got, test.wants)
					}
				}
				req := request()
				req.Check.Transport = test.check
				r, err := w.releaser(func(c *Config) {
					c.Transport = test.config
					c.Ask = func(ctx context.Context, check verify.Check) (verify.Attempt, error) {
						note(&checks, check.Transport)
						return w.ask(ctx, check)
					}
					c.Probe = func(_ context.Context, p verify.Probe) (Prober, error) {
						note(&probes, p.Transport)
						return &probe{world: w}, nil
					}
				}).Release(t.Context(), req)
				wantReport(t, r, err, report.Successful, report.Released)
				if checks < 4 || probes != 1 {
					t.Errorf("%d checks, %d probes", checks, probes)
				}
			})
		})
	}
}
