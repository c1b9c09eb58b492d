package bench

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/ecr"

	"orgship/cfn"
	"orgship/pipeline/account"
	"orgship/pipeline/registry"
	"orgship/pipeline/stack"
	"orgship/template"
)

const (
	watchRounds = 5 // updates in each account, beside the creation
	knowingGoal = time.Second
	rateGoal    = 1.0 // calls a second
)

// watched are the accounts whose stacks change side by side.
var watched = []string{"dev-1", "dev-2", "team-a"}

// peerWaits are the minutes that blue is kept in the updates that the peer does.
// They spread the ends over the 30 seconds between two polls of the peer, as
// real deployments would.
var peerWaits = []int{3, 12, 21}

// BenchmarkKnowingTheEnd measures how long after the end of a stack's operation
// stack.Watch returns, at its default pace and at how many calls a second. In
// the updates that `aws cloudformation deploy` begins, both wait for the same
// end.
func BenchmarkKnowingTheEnd(b *testing.B) {
	k := newKnowing(b)
	for b.Loop() {
		k.each(func(i int, name string) error { return k.apply(name, "Blue", 1) })
		if path, there := peer(b, "aws"); there {
			k.each(func(i int, name string) error { return k.both(path, name, peerWaits[i]) })
		}
		for round := range watchRounds {
			k.each(func(i int, name string) error {
				word := []string{"Blue", "Green"}[round%2]
				return k.apply(name, word, 1+(round+i)%3)
			})
		}
		for _, name := range watched {
			k.destroy(name)
		}
	}
	k.report()
}

// knowing is the measurement of how late an end is known.
type knowing struct {
	*world
	images map[string]string // by word: repository@sha256:…

	mu       sync.Mutex
	late     []time.Duration    // by our watch
	same     [2][]time.Duration // of the peer's updates: by our watch, and by the peer
	sessions []watching
	peers    []watching
}

// watching is a time in which somebody watched, under a name that the log of calls shows.
type watching struct {
	caller      string // ARN
	begin, over time.Time
}

func newKnowing(b *testing.B) *knowing {
	k := &knowing{world: newWorld(b, 60), images: map[string]string{}}
	k.needsTasks()
	k.share()
	pusher := registry.New(ecr.NewFromConfig(k.config("shared-services")))
	for word, version := range map[string]string{"Blue": "1", "Green": "2"} {
		pushed, err := pusher.Push(b.Context(), registry.Push{Repository: k.repo, Tag: version, Image: variant(b, word, version)})
		if err != nil {
			b.Fatal(err)
		}
		k.images[word] = pushed.Reference
	}
	return k
}

// each works in every watched account at once.
func (k *knowing) each(work func(i int, name string) error) {
	k.b.Helper()
	errs := make([]error, len(watched))
	var all sync.WaitGroup
	for i, name := range watched {
		all.Go(func() { errs[i] = work(i, name) })
	}
	all.Wait()
	for i, err := range errs {
		if err != nil {
			k.b.Fatalf("in account %s: %v", watched[i], err)
		}
	}
}

// template renders the service's template.
func (k *knowing) template(word string, wait int) ([]byte, error) {
	return template.Render(cfn.BlueGreen(), template.Changes{Image: k.images[word], TerminationWaitMinutes: &wait})
}

// apply changes a stack and notes how late its end was known.
func (k *knowing) apply(name, word string, wait int) error {
	a := k.account(name)
	body, err := k.template(word, wait)
	if err != nil {
		return err
	}
	mine := stack.New(cloudformation.NewFromConfig(k.config(name)))
	plan, err := mine.Plan(k.b.Context(), stack.Request{
		Name: stackName, Template: body, Capabilities: []string{"CAPABILITY_IAM"},
		Parameters: map[string]string{"Vpc": a.VPCID, "Subnet1": a.SubnetIDs[0], "Subnet2": a.SubnetIDs[1]},
	})
	if err != nil {
		return err
	}
	begun, err := mine.Begin(k.b.Context(), plan)
	if err != nil {
		return err
	}
	late, _, err := k.watch(name, begun.From)
	k.note(&k.late, late)
	return err
}

// watch follows a stack under a name of its own and returns how late the end
// was known, and when it was.
func (k *knowing) watch(name string, from stack.From) (late time.Duration, end time.Time, err error) {
	k.mu.Lock()
	n := len(k.sessions)
	k.sessions = append(k.sessions, watching{})
	k.mu.Unlock()
	role := fmt.Sprintf("watch-%d", n)
	cfg, err := account.AssumeRole(k.config("management"), account.RoleARN(k.account(name).ID, account.OrganizationRole), role)
	if err != nil {
		return 0, end, err
	}
	if _, err := cfg.Credentials.Retrieve(k.b.Context()); err != nil { // else the first poll would be late by it
		return 0, end, err
	}
	s := watching{caller: fmt.Sprintf("arn:aws:sts::%s:assumed-role/%s/%s", k.account(name).ID, account.OrganizationRole, role), begin: time.Now()}
	over, err := stack.New(cloudformation.NewFromConfig(cfg)).Watch(k.b.Context(), from, nil)
	s.over = time.Now()
	k.mu.Lock()
	k.sessions[n] = s
	k.mu.Unlock()
	return s.over.Sub(over.Time), over.Time, err
}

// both lets the peer update a stack while we watch.
func (k *knowing) both(path, name string, wait int) error {
	body, err := k.template("Green", wait)
	if err != nil {
		return err
	}
	file := filepath.Join(k.b.TempDir(), "template.yaml")
	if err := os.WriteFile(file, body, 0o600); err != nil {
		return err
	}
	a := k.account(name)
	newest := k.events(name, stackName).StackEvents[0]
	cmd := command(k.b, k.box.Endpoint(), k.box.Info().Region, a, path,
		"cloudformation", "deploy", "--stack-name", stackName, "--template-file", file, "--capabilities", "CAPABILITY_IAM")
	done := make(chan error, 1)
	var known time.Time
	begin := time.Now()
	go func() {
		err := run(cmd)
		known = time.Now()
		done <- err
	}()
	late, end, err := k.watch(name, stack.From{StackID: aws.ToString(newest.StackId), After: aws.ToString(newest.EventId)})
	if failed := <-done; failed != nil {
		return failed
	}
	k.note(&k.same[0], late)
	k.note(&k.late, late)
	k.note(&k.same[1], known.Sub(end))
	k.mu.Lock()
	defer k.mu.Unlock()
	k.peers = append(k.peers, watching{caller: fmt.Sprintf("arn:aws:iam::%s:user/admin", a.ID), begin: k.executed(name, begin), over: known})
	return err
}

func (k *knowing) note(to *[]time.Duration, d time.Duration) {
	k.mu.Lock()
	defer k.mu.Unlock()
	*to = append(*to, d)
}

// report puts the figures into the benchmark's line and the table.
func (k *knowing) report() {
	b := k.b.(*testing.B)
	b.ReportMetric(0, "ns/op")
	late := newSpread(k.late)
	rate := k.rates(k.sessions, "")
	b.ReportMetric(late.median().Seconds(), "s-late-median")
	b.ReportMetric(late.at(1).Seconds(), "s-late-max")
	b.ReportMetric(rate, "calls/s")
	r := row{what: "knowing a stack's end: late by", ours: late.String(), goal: "<= 1 s", met: late.at(1) <= knowingGoal}
	calls := row{what: "  CloudFormation calls a second, at most", ours: fmt.Sprintf("%.3f", rate), goal: "<= 1", met: rate <= rateGoal}
	results.add(r)
	if len(k.same[1]) > 0 {
		ours, theirs := newSpread(k.same[0]), newSpread(k.same[1])
		b.ReportMetric(theirs.median().Seconds(), "s-late-aws-median")
		results.add(row{what: "  of the same 3 ends: late by", ours: list(ours), peer: "aws cloudformation deploy: " + list(theirs)})
		calls.peer = fmt.Sprintf("%.3f while waiting", k.rates(k.peers, "DescribeStacks"))
	}
	results.add(calls)
}

func list(s spread) string {
	var all []string
	for _, d := range s {
		all = append(all, seconds(d))
	}
	return strings.Join(all, ", ")
}

// rates returns the highest rate of calls to CloudFormation of any watching: those
// after the first, over the time from the watching's begin to the last. An
// operation restricts it to its calls.
func (k *knowing) rates(sessions []watching, operation string) float64 {
	calls := k.box.Calls()
	highest := 0.0
	for _, s := range sessions {
		n, last := 0, s.begin
		for _, c := range calls {
			if c.Service == "cloudformation" && c.Caller == s.caller && !c.Time.Before(s.begin) && !c.Time.After(s.over) &&
				(operation == "" || c.Operation == operation) {
				n, last = n+1, c.Time
			}
		}
		if n > 1 {
			highest = max(highest, float64(n-1)/last.Sub(s.begin).Seconds())
		}
	}
	return highest
}
