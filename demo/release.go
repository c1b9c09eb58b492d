package demo

import (
	"context"
	"errors"
	"io"
	"math"
	"net/http"
	"strings"
	"time"

	"orgship/cfn"
	"orgship/pipeline/release"
	"orgship/pipeline/report"
	"orgship/pipeline/verify"
	"orgship/template"
)

// request releases an image into the demo's account, where it has to answer
// with a word.
func (s *Story) request(account, reference, word string) release.Request {
	a, _ := s.box.Account(account)
	wait := s.minutes(time.Second)
	return release.Request{
		Stack: storyStack, Template: cfn.BlueGreen(), Image: reference,
		Parameters: map[string]string{"Vpc": a.VPCID, "Subnet1": a.SubnetIDs[0], "Subnet2": a.SubnetIDs[1]},
		Change: template.Changes{
			TerminationWaitMinutes: &wait,
			TrafficRouting:         &template.TrafficRouting{Type: template.TimeBasedCanary, StepPercentage: 20, BakeTimeMins: s.minutes(time.Second)},
		},
		Check: release.Check{
			Check: verify.Check{Body: "Hello World! (" + word + ")", Interval: 50 * time.Millisecond},
			Rate:  storyRate,
		},
	}
}

// minutes returns how many minutes of AWS's time last as long here, at least:
// enough to be seen, whatever the speed.
func (s *Story) minutes(here time.Duration) int {
	return max(1, int(math.Ceil(here.Minutes()*s.speed)))
}

// releaser returns what releases into an account, and shows it.
func (s *Story) releaser(ctx context.Context, name string) (*release.Releaser, func(), error) {
	cfg, err := s.connection.Configure(ctx, name)
	if err != nil {
		return nil, nil, err
	}
	stop := func() {}
	cfg.Watch = func(r *report.Recorder) { stop = s.follow(r) }
	return release.New(cfg), func() { stop() }, nil
}

// release releases.
func (s *Story) release(ctx context.Context, account string, req release.Request) (report.Report, error) {
	return s.work(ctx, account, func(r *release.Releaser) (report.Report, error) { return r.Release(ctx, req) })
}

// work does something in an account, shows it, and keeps the report.
func (s *Story) work(ctx context.Context, account string, do func(*release.Releaser) (report.Report, error)) (report.Report, error) {
	r, stop, err := s.releaser(ctx, account)
	if err != nil {
		return report.Report{}, err
	}
	defer stop()
	document, err := do(r)
	s.reports = append(s.reports, document)
	return document, err
}

func (s *Story) blue(ctx context.Context) error {
	r, err := s.release(ctx, storyDev, s.request(storyDev, s.app.blue.Reference, "Blue"))
	if err != nil {
		return err
	}
	s.url = r.URLs["service"]
	s.fact(r.Plan.Class == "create" && r.Stack.Status == "CREATE_COMPLETE",
		"stack %s: %s, %d resources, in %s", storyStack, r.Stack.Status, len(r.Plan.Changes), seconds(r.Seconds))
	return s.says(ctx, "Blue", r.Image.Revision)
}

// says asks the service, as anybody could.
func (s *Story) says(ctx context.Context, word, revision string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url, nil)
	if err != nil {
		return err
	}
	client := http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	body, err := readBody(response)
	if err != nil {
		return err
	}
	greeting := "Hello World! (" + word + ")"
	s.fact(response.StatusCode == http.StatusOK && body == greeting && response.Header.Get(verify.DefaultRevisionHeader) == revision,
		"GET %s  %d  %q, revision %.12s of %s", s.url, response.StatusCode, body, response.Header.Get(verify.DefaultRevisionHeader), word)
	return nil
}

func (s *Story) green(ctx context.Context) error {
	r, err := s.release(ctx, storyDev, s.request(storyDev, s.app.green.Reference, "Green"))
	if err != nil {
		return err
	}
	s.fact(r.Plan.Class == "green_deployment" && r.Stack.Status == "UPDATE_COMPLETE", "stack %s: %s, in %s", storyStack, r.Stack.Status, seconds(r.Seconds))
	from, to := overlap(r.Probe)
	s.fact(len(r.Traffic) > 0 && r.Traffic[len(r.Traffic)-1].Percent == 100 && from.Before(to),
		"traffic moved: %s on Green; both answered from %+.1fs to %+.1fs", shares(r.Traffic), from.Sub(r.Started).Seconds(), to.Sub(r.Started).Seconds())
	s.fact(r.Verification.Verdict == report.Successful && r.Verification.BlueLived && r.Verification.Revision == r.Image.Revision,
		"proved while Blue still lived, one call away: %s, revision %.12s", r.Verification.Reason, r.Verification.Revision)
	s.probed(r, "1.0.0 Blue", "2.0.0 Green", true)
	if err := s.says(ctx, "Green", r.Image.Revision); err != nil {
		return err
	}
	return s.oneTask(ctx, "Blue is terminated")
}

func (s *Story) wrong(ctx context.Context) error {
	r, err := s.release(ctx, storyDev, s.request(storyDev, s.app.wrong.Reference, "Green"))
	var went *release.Error
	if !errors.As(err, &went) {
		s.fact(false, "version 3.0.0 is not taken: the release is %s", r.Verdict)
		return err
	}
	s.fact(went.Verdict == report.Failed && went.Outcome == report.RolledBack && r.Stack.Status == "UPDATE_ROLLBACK_COMPLETE",
		"verdict %q, and it was %s by itself (stack %s: %s), in %s", r.Verdict, r.Outcome.Words(), storyStack, r.Stack.Status, seconds(r.Seconds))
	v := r.Verification
	s.fact(v.BlueLived && v.Verdict == report.Failed, "decided while Green still lived, one call away: %s", long.ReplaceAllString(v.Reason, "$1…"))
	s.probed(r, "2.0.0 Green", "3.0.0 Purple", false)
	return errors.Join(s.says(ctx, "Green", r.Before.Revision), s.oneTask(ctx, "the wrong version is gone"))
}

// oneTask claims that only the tasks of one version are left.
func (s *Story) oneTask(ctx context.Context, claim string) error {
	dev, _ := s.box.Account(storyDev)
	state, err := s.box.State(ctx)
	if err != nil {
		return err
	}
	sets, tasks := state[dev.ID]["ecs:task-set"], state[dev.ID]["ecs:task"]
	s.fact(len(sets) == 1 && len(tasks) == 1, "%s: one task set, one task", claim)
	return nil
}

// back goes back to the image from before, which nobody has to name.
func (s *Story) back(ctx context.Context) error {
	req := s.request(storyDev, "", "Blue")
	wait := s.minutes(time.Second)
	req.Template, req.Parameters = nil, nil
	req.Change = template.Changes{TerminationWaitMinutes: &wait, TrafficRouting: &template.TrafficRouting{Type: template.AllAtOnce}}
	r, err := s.work(ctx, storyDev, func(r *release.Releaser) (report.Report, error) { return r.Rollback(ctx, req) })
	if err != nil {
		return err
	}
	s.fact(r.Plan.Class == "green_deployment" && r.Image.Digest == s.app.blue.Digest,
		"the stack knew what ran before: %s %.19s, released blue/green again, in %s", r.Image.Version, r.Image.Digest, seconds(r.Seconds))
	s.probed(r, "2.0.0 Green", "1.0.0 Blue", true)
	return s.says(ctx, "Blue", r.Image.Revision)
}

func (s *Story) refused(ctx context.Context) error {
	prod, _ := s.box.Account(storyProd)
	began := time.Now()
	_, err := s.release(ctx, storyProd, s.request(storyProd, s.app.green.Reference, "Green"))
	var refused *release.AccessError
	if !errors.As(err, &refused) {
		s.fact(false, "the release is refused")
		return err
	}
	s.fact(refused.Account == prod.ID, "refused: %s", refused.Reason)
	state, err := s.box.State(ctx)
	if err != nil {
		return err
	}
	touched := 0
	for _, c := range s.box.Calls() {
		if c.Time.After(began) && c.Account == prod.ID && c.Service != "ecr" && c.Service != "sts" {
			touched++
		}
	}
	s.fact(len(state[prod.ID]) == 0 && touched == 0, "before anything was touched: no call to CloudFormation, nothing in %s", storyProd)
	return nil
}

func readBody(response *http.Response) (string, error) {
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, 1000))
	return strings.TrimSpace(string(body)), err
}
