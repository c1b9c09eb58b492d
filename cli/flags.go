package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"orgship/pipeline/account"
	"orgship/pipeline/release"
	"orgship/pipeline/session"
	"orgship/pipeline/verify"
	"orgship/template"
)

// connection are the flags that say who asks, and where.
type connection struct {
	Credentials string   `placeholder:"FILE" help:"Credentials as JSON of the credential_process format (- reads stdin), as 'aws configure export-credentials --format process' prints it; else the SDK's default chain." group:"Connection:"`
	Region      region   `placeholder:"REGION" help:"AWS region; else AWS_REGION or the profile's." group:"Connection:"`
	Endpoint    string   `placeholder:"URL" help:"One URL for all services, as of a sandbox; else AWS_ENDPOINT_URL, or AWS itself." group:"Connection:"`
	Role        roleName `default:"OrganizationAccountAccessRole" placeholder:"NAME" help:"Role to assume in other accounts than the credentials' own (${default}); empty: none." group:"Connection:"`
	Speed       factor   `default:"1" env:"ORGSHIP_SPEED" placeholder:"N" help:"How much faster than on AWS time runs at the endpoint: the --speed of a sandbox (${default})." group:"Connection:"`
}

// open connects.
func (c *connection) open(p *running) (*session.Session, error) {
	options := account.Options{Region: string(c.Region), Endpoint: c.Endpoint}
	if c.Credentials != "" {
		source, err := p.read(c.Credentials, "credentials")
		if err != nil {
			return nil, err
		}
		if options.Credentials, err = account.ParseCredentials(source); err != nil {
			return nil, err
		}
	}
	cfg, err := account.Config(p.ctx, options)
	if err != nil {
		return nil, err
	}
	return session.New(account.NewAccounts(cfg, string(c.Role)), float64(c.Speed)), nil
}

// read reads a file, or stdin for "-".
func (p *running) read(name, what string) ([]byte, error) {
	if name == "-" {
		return bounded(p.Stdin, what, "stdin")
	}
	f, err := os.Open(name)
	var path *fs.PathError
	if errors.As(err, &path) {
		return nil, &usageError{fmt.Sprintf("reading %s %q: %v", what, name, path.Err), "name a file, or - for stdin"}
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return bounded(f, what, strconv.Quote(name))
}

// readLimit is more than any file that is read can mean: CloudFormation takes a
// template of 1 MB at most.
const readLimit = 4 << 20

// bounded reads all, if it isn't endless.
func bounded(from io.Reader, what, name string) ([]byte, error) {
	source, err := io.ReadAll(io.LimitReader(from, readLimit+1))
	var path *fs.PathError
	switch {
	case errors.As(err, &path):
		return nil, &usageError{fmt.Sprintf("reading %s %s: %v", what, name, path.Err), "name a file, or - for stdin"}
	case err != nil:
		return nil, fmt.Errorf("reading %s from %s: %w", what, name, err)
	case len(source) > readLimit:
		return nil, &usageError{fmt.Sprintf("reading %s %s: it has more than %d MiB", what, name, readLimit>>20), "name the file that is meant"}
	}
	return source, nil
}

// usageError is a command line that can't be meant.
type usageError struct{ line, hint string }

func (e *usageError) Error() string { return e.line }

// Hint says what to type instead.
func (e *usageError) Hint() string { return e.hint }

// target is the flag that says whose stack it is.
type target struct {
	Account accountName `placeholder:"ACCOUNT" help:"Account to work in, by id or name; else the credentials' own."`
}

// unit is the flag that names an organizational unit; --unit is its older name.
type unit struct {
	OU   name `name:"ou" placeholder:"OU" help:"Fail unless the account is in this OU (id, name or path) or below it."`
	Unit name `name:"unit" hidden:""`
}

// ou is the unit that was named, "" for none.
func (u *unit) ou() (string, error) {
	if u.OU != "" && u.Unit != "" {
		return "", &usageError{fmt.Sprintf("--ou: is given twice: %q, and as --unit %q", string(u.OU), string(u.Unit)), "leave one of them out"}
	}
	return string(u.OU + u.Unit), nil
}

// delivery are the flags that say which account gets an image.
type delivery struct {
	target
	unit
}

// bucket is the flag that says where long templates go.
type bucket struct {
	TemplateBucket name `placeholder:"NAME" help:"Bucket of the stack's account and region, into which a template above 51,200 bytes is put first, below orgship/." group:"Stack:"`
}

// change are the flags that say what becomes of the stack.
type change struct {
	bucket
	Template        string                   `placeholder:"FILE" help:"Template of the stack (- reads stdin); else the one it has, and for a new stack the built-in one with the blue/green hook." group:"Stack:"`
	Parameter       map[parameterName]string `mapsep:"none" placeholder:"NAME=VALUE" help:"Parameter of the template; one that isn't given keeps its value. May be repeated." group:"Stack:"`
	Tag             map[tagName]string       `mapsep:"none" placeholder:"NAME=VALUE" help:"Tag of the stack. May be repeated; without any the tags stay." group:"Stack:"`
	Capability      []string                 `placeholder:"NAME" help:"What the template needs to be allowed (CAPABILITY_IAM). May be repeated." group:"Stack:"`
	StackRole       roleARN                  `placeholder:"ARN" help:"Role for CloudFormation to work with; else the caller's own rights." group:"Stack:"`
	Container       containerName            `placeholder:"NAME" help:"Container whose image it is; else the one that the load balancer sends to." group:"Stack:"`
	Routing         routing                  `placeholder:"ROUTING" help:"How traffic moves: all-at-once, canary:PERCENT:MINUTES or linear:PERCENT:MINUTES; else as the template says." group:"Stack:"`
	TerminationWait *wait                    `placeholder:"5m" help:"How long blue stays after the shift, in whole minutes: the time in which going back is one call." group:"Stack:"`
	CPU             cpuUnits                 `name:"cpu" placeholder:"UNITS" help:"CPU units of a task: 256 is a quarter of a CPU." group:"Stack:"`
	Memory          mebibytes                `placeholder:"MIB" help:"Memory of a task in MiB." group:"Stack:"`
	Tasks           *number                  `placeholder:"N" help:"Number of tasks; an update of its own, not to be mixed with a new image." group:"Stack:"`
}

// changes is what to write into the template.
func (c *change) changes() template.Changes {
	out := template.Changes{Container: string(c.Container), CPU: int(c.CPU), Memory: int(c.Memory), DesiredCount: (*int)(c.Tasks), TrafficRouting: c.Routing.TrafficRouting}
	if c.TerminationWait != nil {
		out.TerminationWaitMinutes = aws.Int(int(time.Duration(*c.TerminationWait) / time.Minute))
	}
	return out
}

// capabilities are those that are given; nil means the usual ones.
func (c *change) capabilities() []string {
	var given []string
	for _, name := range c.Capability {
		if name != "" {
			given = append(given, name)
		}
	}
	return given
}

// body is the template that is given; else nil, which means the one that the stack
// has, or the built-in one of a new stack.
func (c *change) body(p *running) ([]byte, error) {
	if c.Template == "" {
		return nil, nil
	}
	source, err := p.read(c.Template, "template")
	if err == nil && len(bytes.TrimSpace(source)) == 0 {
		return nil, &usageError{fmt.Sprintf("--template: %q is empty", c.Template), "name a template, or leave the flag out for the one that the stack has"}
	}
	return source, err
}

// routing is the value of --routing.
type routing struct{ *template.TrafficRouting }

// UnmarshalText reads all-at-once, canary:PERCENT:MINUTES or linear:PERCENT:MINUTES; of "" nothing.
func (r *routing) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		return nil
	}
	kind, rest, _ := strings.Cut(string(text), ":")
	types := map[string]string{"all-at-once": template.AllAtOnce, "canary": template.TimeBasedCanary, "linear": template.TimeBasedLinear}
	r.TrafficRouting = &template.TrafficRouting{Type: types[kind]}
	percent, minutes, steps := strings.Cut(rest, ":")
	if kind == "all-at-once" && rest == "" {
		return nil
	}
	var err1, err2 error
	r.StepPercentage, err1 = strconv.Atoi(strings.TrimSuffix(percent, "%"))
	r.BakeTimeMins, err2 = strconv.Atoi(strings.TrimSuffix(minutes, "m"))
	if r.Type == "" || r.Type == template.AllAtOnce || !steps || err1 != nil || err2 != nil || r.StepPercentage < 1 || r.StepPercentage > 100 || r.BakeTimeMins < 1 {
		return fmt.Errorf("routing %q is none of all-at-once, canary:PERCENT:MINUTES and linear:PERCENT:MINUTES, such as canary:20:5", text)
	}
	return nil
}

// answer are the flags that say what the right answer is.
type answer struct {
	ExpectStatus   httpStatus        `default:"200" placeholder:"N" help:"Status of the right answer (${default})." group:"Verification:"`
	ExpectBody     string            `placeholder:"TEXT" help:"Text that the body holds." group:"Verification:"`
	ExpectPattern  expression        `placeholder:"REGEXP" help:"Regular expression (RE2) that the body matches." group:"Verification:"`
	ExpectHeader   map[header]string `mapsep:"none" placeholder:"NAME=VALUE" help:"Header of the answer. May be repeated." group:"Verification:"`
	RevisionHeader headerName        `default:"X-Image-Revision" placeholder:"NAME" help:"Header that tells which image answers (${default})." group:"Verification:"`
	VersionHeader  headerName        `default:"X-App-Version" placeholder:"NAME" help:"Header that tells which version answers (${default})." group:"Verification:"`
	CheckHost      hostname          `placeholder:"NAME" help:"Name to ask for at the URL (Host header, SNI), which its certificate has to be for; else the URL's." group:"Verification:"`
	Timeout        duration          `default:"5s" help:"How long one answer may take (${default})." group:"Verification:"`
	Consecutive    count             `default:"3" placeholder:"N" help:"Right answers in a row that decide (${default})." group:"Verification:"`
	Proxy          proxy             `placeholder:"URL" help:"HTTP proxy to ask the service through: of a sandbox in a container, its endpoint." group:"Verification:"`
}

func (a *answer) check() verify.Check {
	return verify.Check{
		Status: int(a.ExpectStatus), Body: a.ExpectBody, Pattern: string(a.ExpectPattern), Headers: texts(a.ExpectHeader),
		Host: string(a.CheckHost), RevisionHeader: string(a.RevisionHeader), VersionHeader: string(a.VersionHeader), Timeout: time.Duration(a.Timeout), Consecutive: int(a.Consecutive),
		Transport: a.Proxy.transport(),
	}
}

// proxy is the value of --proxy; http:// may be left out.
type proxy struct{ url *url.URL }

// UnmarshalText reads a proxy's URL, of "" none. Its errors don't show it: it may hold a password.
func (p *proxy) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		return nil
	}
	source := string(text)
	if !strings.Contains(source, "://") {
		source = "http://" + source
	}
	u, err := url.Parse(source)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" {
		return &usageError{"must be the URL of an HTTP proxy", "e.g. --proxy http://127.0.0.1:4566, the endpoint of a sandbox"}
	}
	p.url = u
	return nil
}

// transport asks through the proxy; nil without one.
func (p proxy) transport() http.RoundTripper {
	if p.url == nil {
		return nil
	}
	return verify.Through(p.url)
}

// check are the flags of a release's verification.
type check struct {
	answer
	CheckURL    httpURL    `name:"check-url" placeholder:"URL" help:"Where the service answers; else the stack tells." group:"Verification:"`
	CheckOutput line       `placeholder:"NAME" help:"Output of the stack with the service's address, a name or a URL; else LoadBalancerDNSName, or the address of the production listener." group:"Verification:"`
	Proof       string     `default:"auto" enum:"auto,tasks,header,none" placeholder:"PROOF" help:"What has to show that the new image serves: tasks (AWS's records), header (each answer says the image's revision), auto (what there is) or none (${default})." group:"Verification:"`
	CheckPath   line       `default:"/" placeholder:"PATH" help:"Path to ask for (${default})." group:"Verification:"`
	Interval    duration   `placeholder:"500ms" help:"Time between two questions (500ms; where time runs faster, less)." group:"Verification:"`
	MaxLost     percentage `default:"1%" placeholder:"PERCENT" help:"By how much the success rate may fall below what it was: more lost requests go back (${default})." group:"Verification:"`
	Baseline    string     `default:"required" enum:"required,ignore" placeholder:"MODE" help:"required stops before anything is touched if the version that serves now doesn't answer from here, ignore goes on (${default})." group:"Verification:"`
	AnyRevision bool       `help:"Don't ask for the image's own revision in the answer." group:"Verification:"`
	Rate        frequency  `default:"10" placeholder:"N" help:"Requests a second of the probe that looks for lost requests all the while (${default}); 0: no probe." group:"Verification:"`
	NoVerify    bool       `help:"Release without asking: nobody notices a wrong answer." group:"Verification:"`
}

func (c *check) check() release.Check {
	out := release.Check{
		Check: c.answer.check(), Output: string(c.CheckOutput), Path: string(c.CheckPath),
		AnyRevision: c.AnyRevision, Rate: float64(c.Rate), Skip: c.NoVerify, MaxLost: float64(c.MaxLost) / 100, IgnoreBaseline: c.Baseline == "ignore",
		Proof: release.Proof(strings.TrimPrefix(c.Proof, "auto")),
	}
	out.URL, out.Interval = string(c.CheckURL), time.Duration(c.Interval)
	return out
}
