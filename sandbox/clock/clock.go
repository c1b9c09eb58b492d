// Package clock is the sandbox's dial for time: timestamps are real, waits are
// divided by a speed. At speed 60 a wait of five minutes lasts five seconds.
package clock

import (
	"context"
	"fmt"
	"time"
)

// Clock tells the time and waits. The zero value runs at real speed.
type Clock struct {
	speed float64
}

// New returns a clock whose waits are divided by speed (1 is real time).
// It refuses a speed below 1, which would make the sandbox slower than AWS.
func New(speed float64) (Clock, error) {
	if speed < 1 {
		return Clock{}, fmt.Errorf("speed %v: must be 1 or more (60 makes a minute a second)", speed)
	}
	return Clock{speed: speed}, nil
}

// Now returns the real time: signatures, tokens and events are stamped with it.
func (c Clock) Now() time.Time { return time.Now() }

// Scale returns how long a wait of d lasts on this clock.
func (c Clock) Scale(d time.Duration) time.Duration {
	if c.speed == 0 {
		return d
	}
	return time.Duration(float64(d) / c.speed)
}

// Sleep waits d, scaled, or until ctx is done, whose cause it then returns.
func (c Clock) Sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(c.Scale(d))
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
