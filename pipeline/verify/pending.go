package verify

import (
	"context"
	"errors"
)

// Run asks until the check's verdict is clear. The error is for a check that
// makes no sense or a ctx that ended; what the app did is in the Result.
func Run(ctx context.Context, c Check) (Result, error) {
	return Result{}, errors.New("running a check: not built yet")
}

// Running is a probe at work.
type Running struct{}

// Start begins to ask. The error is for a probe that makes no sense. The probe
// runs until Stop, or until ctx ends.
func Start(ctx context.Context, p Probe) (*Running, error) {
	return nil, errors.New("starting a probe: not built yet")
}

// Snapshot returns what was seen so far.
func (r *Running) Snapshot() Summary { return Summary{} }

// Stop ends the probe, waits for the answers on their way and returns all that
// was seen. A second call returns the same.
func (r *Running) Stop() Summary { return Summary{} }
