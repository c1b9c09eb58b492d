package cli

import (
	"bytes"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	"orgship/pipeline/registry"
	"orgship/pipeline/report"
	"orgship/pipeline/stack"
	"orgship/pipeline/verify"
)

// name is the value of a flag that, if it is given, is never empty and only
// given once: "" is what an unset variable of a script gives, and would mean
// something else than was asked for.
type name string

// UnmarshalText reads the name.
func (n *name) UnmarshalText(text []byte) error {
	switch {
	case strings.TrimSpace(string(text)) == "":
		return &usageError{"is given, and empty", "give it a value, or leave the flag out; in a script, check that the variable is set"}
	case *n != "":
		return &usageError{fmt.Sprintf("is given twice: %q and %q", string(*n), text), "one run works in one account: run it once for each"}
	}
	*n = name(text)
	return plain(text)
}

// plain refuses what can't be shown on one line, such as a line break.
func plain(text []byte) error {
	if report.Clean(string(text)) != strings.Join(strings.Fields(string(text)), " ") || bytes.ContainsAny(text, "\r\n\t") || len(text) > maxName {
		return &usageError{fmt.Sprintf("%q: holds what can't be shown on one line", shorten(string(text), 100)), "is it the right variable?"}
	}
	return nil
}

// maxName is longer than any name of AWS's, in bytes.
const maxName = 1000

// account is the value of --account: one account.
type accountName string

// accountNames are 12 digits, or a name as AWS has it, which may hold spaces; those
// of more digits and lists are neither.
// https://docs.aws.amazon.com/organizations/latest/APIReference/API_CreateAccount.html
var accountNames = regexp.MustCompile(`^([0-9]{12}|[ -+\--~]{0,49}[!-+\--/:-~][ -+\--~]{0,49})$`)

// UnmarshalText reads one account's id or name.
func (a *accountName) UnmarshalText(text []byte) error {
	n := name(*a)
	if err := n.UnmarshalText(text); err != nil {
		return err
	}
	if !accountNames.Match(text) {
		return &usageError{fmt.Sprintf("%q is no account", shorten(string(text), 100)), "an account has an id of 12 digits, and a name; one run works in one account: run it once for each"}
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

// UnmarshalText reads 0 (none) or a number from 0.01 to 1000.
func (f *frequency) UnmarshalText(text []byte) error {
	n, err := strconv.ParseFloat(string(text), 64)
	switch {
	case err != nil, math.IsNaN(n), n < 0 && n != -1, n > 0 && n < 0.01, n > 1000:
		return &usageError{fmt.Sprintf("%q: must be a number of requests a second, from 0.01 to 1000", text), "e.g. --rate 10; --rate 0: no probe"}
	case n == 0:
		n = -1
	}
	*f = frequency(n)
	return nil
}

// maxCount is more of anything than can be meant.
const maxCount = 10_000

// count is a number of things: at least one.
type count int

// UnmarshalText reads a whole number from 1 on.
func (c *count) UnmarshalText(text []byte) error {
	n, err := strconv.Atoi(string(text))
	if err != nil || n < 1 || n > maxCount {
		return &usageError{fmt.Sprintf("%q: must be a whole number from 1 to %d", text, maxCount), "leave the flag out for the default"}
	}
	*c = count(n)
	return nil
}

// number is a number of things that may be none.
type number int

// UnmarshalText reads a whole number from 0 on.
func (c *number) UnmarshalText(text []byte) error {
	n, err := strconv.Atoi(string(text))
	if err != nil || n < 0 || n > maxCount {
		return &usageError{fmt.Sprintf("%q: must be a whole number from 0 to %d", text, maxCount), "leave the flag out for the default"}
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

// matched is a text that is of some form, or "" where that means something.
func matched(text []byte, form *regexp.Regexp, what, hint string) error {
	if !form.Match(text) {
		return &usageError{fmt.Sprintf("%q is no %s", shorten(string(text), 100), what), hint}
	}
	return nil
}

// stackName is the name of a stack, or its ARN.
type stackName string

// UnmarshalText reads the name.
func (s *stackName) UnmarshalText(text []byte) error {
	*s = stackName(text)
	return stack.CheckName(string(text))
}

// imageName is an image in ECR.
type imageName string

// UnmarshalText reads the name.
func (i *imageName) UnmarshalText(text []byte) error {
	*i = imageName(text)
	return registry.CheckImage(string(text))
}

// pastImage is an image to go back to; "" is the one from before.
type pastImage string

// UnmarshalText reads the name.
func (i *pastImage) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		return nil
	}
	return (*imageName)(i).UnmarshalText(text)
}

// repositoryName is the name of a repository in ECR.
type repositoryName string

// https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_CreateRepository.html
var repositoryNames = regexp.MustCompile(`^([a-z0-9]+([._-][a-z0-9]+)*/)*[a-z0-9]+([._-][a-z0-9]+)*$`)

// UnmarshalText reads the name.
func (r *repositoryName) UnmarshalText(text []byte) error {
	*r = repositoryName(text)
	if len(text) < 2 || len(text) > 256 {
		return &usageError{fmt.Sprintf("%q is no name of a repository", shorten(string(text), 100)), "it has 2 to 256 characters, e.g. --repository shop/web"}
	}
	return matched(text, repositoryNames, "name of a repository", "it has lower-case letters, digits and single '.', '_', '-' and '/' between them, e.g. --repository shop/web")
}

// line is a text on one line; "" is none.
type line string

// UnmarshalText reads the text.
func (l *line) UnmarshalText(text []byte) error {
	*l = line(text)
	return plain(text)
}

// httpStatus is a status of an answer.
type httpStatus int

// UnmarshalText reads the status.
func (s *httpStatus) UnmarshalText(text []byte) error {
	n, err := strconv.Atoi(string(text))
	if err != nil || n < 100 || n > 599 {
		return &usageError{fmt.Sprintf("%q is no status of HTTP", shorten(string(text), 100)), "from 100 to 599, e.g. --expect-status 204"}
	}
	*s = httpStatus(n)
	return nil
}

// expression is a regular expression; "" is none.
type expression string

// UnmarshalText reads the expression.
func (e *expression) UnmarshalText(text []byte) error {
	if _, err := regexp.Compile(string(text)); err != nil {
		return &usageError{fmt.Sprintf("pattern %q: %v", shorten(string(text), 100), err), "it is a regular expression of RE2: https://github.com/google/re2/wiki/Syntax"}
	}
	*e = expression(text)
	return nil
}

// headerName is the name of a header; "" is the default.
type headerName string

var headerNames = regexp.MustCompile("^[!#$%&'*+.^_`|~0-9A-Za-z-]*$")

// UnmarshalText reads the name.
func (h *headerName) UnmarshalText(text []byte) error {
	*h = headerName(text)
	return matched(text, headerNames, "name of a header", "e.g. X-Image-Revision")
}

// header is the name of a header that is expected.
type header string

// UnmarshalText reads the name.
func (h *header) UnmarshalText(text []byte) error {
	*h = header(text)
	if len(text) == 0 {
		return &usageError{"a value has no name", "e.g. --expect-header Content-Type=text/html"}
	}
	return matched(text, headerNames, "name of a header", "e.g. --expect-header Content-Type=text/html")
}

// httpURL is an absolute URL; "" is none. Its errors show no password.
type httpURL string

// UnmarshalText reads the URL.
func (u *httpURL) UnmarshalText(text []byte) error {
	if len(text) > 0 {
		if err := verify.CheckURL(string(text)); err != nil {
			return &usageError{err.Error(), "e.g. --check-url https://shop.example.com/health"}
		}
	}
	*u = httpURL(text)
	return nil
}

// parameterName is the name of a template's parameter.
type parameterName string

var parameterNames = regexp.MustCompile(`^[A-Za-z0-9]{1,255}$`)

// UnmarshalText reads the name.
func (n *parameterName) UnmarshalText(text []byte) error {
	*n = parameterName(text)
	return matched(text, parameterNames, "name of a parameter", "e.g. --parameter Vpc=vpc-0a1b2c3d")
}

// tagName is the key of a tag.
type tagName string

// UnmarshalText reads the key.
func (n *tagName) UnmarshalText(text []byte) error {
	*n = tagName(text)
	if key := string(text); strings.TrimSpace(key) == "" || len(key) > 512 || strings.HasPrefix(strings.ToLower(key), "aws:") {
		return &usageError{fmt.Sprintf("%q is no key of a tag", shorten(key, 100)), "it has 1 to 128 characters, and doesn't begin with aws:"}
	}
	return plain(text)
}

// texts are names with their values, as the rooms below take them.
func texts[K ~string](given map[K]string) map[string]string {
	if given == nil {
		return nil
	}
	out := make(map[string]string, len(given))
	for name, value := range given {
		out[string(name)] = value
	}
	return out
}

// roleARN is the ARN of a role; "" is none.
type roleARN string

var roleARNs = regexp.MustCompile(`^(arn:[a-z-]+:iam::[0-9]{12}:role/[ -~]{1,600})?$`)

// UnmarshalText reads the ARN.
func (r *roleARN) UnmarshalText(text []byte) error {
	*r = roleARN(text)
	return matched(text, roleARNs, "ARN of a role", "e.g. arn:aws:iam::222222222222:role/deploy")
}

// jobRole is the value of --github-role: if it is given, it is a role.
type jobRole string

// UnmarshalText reads the ARN.
func (r *jobRole) UnmarshalText(text []byte) error {
	var n name
	if err := n.UnmarshalText(text); err != nil {
		return err
	}
	*r = jobRole(text)
	return (*roleARN)(r).UnmarshalText(text)
}

// roleName is the name of a role, perhaps with its path; "" is none.
type roleName string

var roleNames = regexp.MustCompile(`^[\w+=,.@/-]{0,576}$`)

// UnmarshalText reads the name.
func (r *roleName) UnmarshalText(text []byte) error {
	*r = roleName(text)
	return matched(text, roleNames, "name of a role", "e.g. OrganizationAccountAccessRole")
}

// containerName is the name of a container; "" is the one that the load balancer sends to.
type containerName string

var containerNames = regexp.MustCompile(`^[A-Za-z0-9_-]{0,255}$`)

// UnmarshalText reads the name.
func (c *containerName) UnmarshalText(text []byte) error {
	*c = containerName(text)
	return matched(text, containerNames, "name of a container", "it has letters, digits, '_' and '-'")
}

// wait is the value of --termination-wait.
type wait time.Duration

// maxWait is what CodeDeploy takes: two days.
const maxWait = 2880 * time.Minute

// UnmarshalText reads whole minutes.
func (w *wait) UnmarshalText(text []byte) error {
	n, err := time.ParseDuration(string(text))
	if err != nil || n < 0 || n > maxWait || n%time.Minute != 0 {
		return &usageError{fmt.Sprintf("%q: must be whole minutes, up to two days", shorten(string(text), 100)), "e.g. --termination-wait 5m"}
	}
	*w = wait(n)
	return nil
}

// lifetime is the value of --duration: how long a role's credentials can be good.
// https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html
type lifetime time.Duration

// UnmarshalText reads 15m to 12h.
func (l *lifetime) UnmarshalText(text []byte) error {
	n, err := time.ParseDuration(string(text))
	if err != nil || n < 15*time.Minute || n > 12*time.Hour {
		return &usageError{fmt.Sprintf("%q: must be from 15m to 12h", shorten(string(text), 100)), "e.g. --duration 1h"}
	}
	*l = lifetime(n)
	return nil
}
