package cli

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"time"

	"orgship/pipeline/verify"
)

// name is the value of a flag that, if it is given, is never empty and only
// given once: "" is what an unset variable of a script gives, and would mean
// something else than was asked for.
type name string

// UnmarshalText reads the name.
func (n *name) UnmarshalText(text []byte) error {
	switch {
	case len(text) == 0:
		return &usageError{"is given, and empty", "give it a value, or leave the flag out; in a script, check that the variable is set"}
	case *n != "":
		return &usageError{fmt.Sprintf("is given twice: %q and %q", string(*n), text), "one run works in one account: run it once for each"}
	}
	*n = name(text)
	return nil
}

// account is the value of --account: one account.
type accountName string

var lists = regexp.MustCompile(`[,\s]`)

// UnmarshalText reads one account's id or name.
func (a *accountName) UnmarshalText(text []byte) error {
	n := name(*a)
	if err := n.UnmarshalText(text); err != nil {
		return err
	}
	if lists.Match(text) {
		return &usageError{fmt.Sprintf("%q is no account", text), "one run works in one account: run it once for each"}
	}
	*a = accountName(n)
	return nil
}

// region is the value of --region.
type region string

var regions = regexp.MustCompile(`^[a-z]{2,}(-[a-z0-9]+)+-[0-9]+$`)

// UnmarshalText reads a region; "" is none, as an unset AWS_REGION is.
func (r *region) UnmarshalText(text []byte) error {
	if len(text) > 0 && !regions.Match(text) {
		return &usageError{fmt.Sprintf("%q is no region of AWS", text), "e.g. --region eu-west-1"}
	}
	*r = region(text)
	return nil
}

// factor is the value of --speed: how much faster than on AWS time runs.
type factor float64

// maxFactor bounds it: a minute is then 60 microseconds.
const maxFactor = 1e6

// UnmarshalText reads a finite number from 1 on.
func (f *factor) UnmarshalText(text []byte) error {
	n, err := strconv.ParseFloat(string(text), 64)
	if err != nil || math.IsNaN(n) || n < 1 || n > maxFactor {
		return &usageError{fmt.Sprintf("%q: must be a number from 1 to %g", text, float64(maxFactor)), "AWS itself has 1; a sandbox has its own --speed"}
	}
	*f = factor(n)
	return nil
}

// frequency is the value of --rate: requests a second, -1 for none.
type frequency float64

// UnmarshalText reads 0 (none) or a finite number up to 1000.
func (f *frequency) UnmarshalText(text []byte) error {
	n, err := strconv.ParseFloat(string(text), 64)
	switch {
	case err != nil, math.IsNaN(n), n < 0 && n != -1, n > 1000:
		return &usageError{fmt.Sprintf("%q: must be a number of requests a second, up to 1000", text), "e.g. --rate 10; --rate 0: no probe"}
	case n == 0:
		n = -1
	}
	*f = frequency(n)
	return nil
}

// count is a number of things: at least one.
type count int

// UnmarshalText reads a whole number from 1 on.
func (c *count) UnmarshalText(text []byte) error {
	n, err := strconv.Atoi(string(text))
	if err != nil || n < 1 {
		return &usageError{fmt.Sprintf("%q: must be a whole number from 1 on", text), "leave the flag out for the default"}
	}
	*c = count(n)
	return nil
}

// number is a number of things that may be none.
type number int

// UnmarshalText reads a whole number from 0 on.
func (c *number) UnmarshalText(text []byte) error {
	n, err := strconv.Atoi(string(text))
	if err != nil || n < 0 {
		return &usageError{fmt.Sprintf("%q: must be a whole number from 0 on", text), "leave the flag out for the default"}
	}
	*c = number(n)
	return nil
}

// duration is a time that is longer than none.
type duration time.Duration

// UnmarshalText reads a duration above 0 and up to a week.
func (d *duration) UnmarshalText(text []byte) error {
	n, err := time.ParseDuration(string(text))
	if err != nil || n <= 0 || n > 7*24*time.Hour {
		return &usageError{fmt.Sprintf("%q: must be a time above 0 and up to a week", text), "e.g. 500ms, 30s or 5m"}
	}
	*d = duration(n)
	return nil
}

// hostname is the value of --check-host.
type hostname string

// UnmarshalText reads the name of a host, with or without a port.
func (h *hostname) UnmarshalText(text []byte) error {
	if err := verify.CheckHost(string(text)); err != nil || len(text) == 0 {
		return &usageError{fmt.Sprintf("%q is no name of a host", shorten(string(text), 100)), "e.g. --check-host shop.example.com"}
	}
	*h = hostname(text)
	return nil
}

// percentage is the value of --max-lost, above 0 and below 100.
type percentage float64

// UnmarshalText reads 1% or 1.
func (p *percentage) UnmarshalText(text []byte) error {
	trimmed := string(text)
	if len(trimmed) > 0 && trimmed[len(trimmed)-1] == '%' {
		trimmed = trimmed[:len(trimmed)-1]
	}
	n, err := strconv.ParseFloat(trimmed, 64)
	if err != nil || math.IsNaN(n) || n <= 0 || n >= 100 {
		return &usageError{fmt.Sprintf("%q: must be a share of requests above 0 and below 100 percent", text), "e.g. --max-lost 1%"}
	}
	*p = percentage(n)
	return nil
}

// cpuUnits is the value of --cpu: what Fargate has.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html#fargate-tasks-size
type cpuUnits int

// UnmarshalText reads a number of CPU units.
func (c *cpuUnits) UnmarshalText(text []byte) error {
	switch n, err := strconv.Atoi(string(text)); n {
	case 256, 512, 1024, 2048, 4096, 8192, 16384:
		*c = cpuUnits(n)
		return err
	}
	return &usageError{fmt.Sprintf("%q: Fargate has 256, 512, 1024, 2048, 4096, 8192 and 16384 CPU units", text), "256 is a quarter of a CPU: --cpu 256"}
}

// mebibytes is the value of --memory: sizes that Fargate has with some number of
// CPUs; with which, the linter knows.
type mebibytes int

// UnmarshalText reads a number of MiB.
func (m *mebibytes) UnmarshalText(text []byte) error {
	n, err := strconv.Atoi(string(text))
	if err != nil || n != 512 && (n < 1024 || n > 120*1024 || n%1024 != 0) {
		return &usageError{fmt.Sprintf("%q: Fargate has 512 MiB, and 1024 to 122880 in steps of 1024", text), "e.g. --memory 512"}
	}
	*m = mebibytes(n)
	return nil
}
