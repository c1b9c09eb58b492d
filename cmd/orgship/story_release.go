package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"slices"
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
func (d *demo) request(account, reference, word string) release.Request {
	a, _ := d.box.Account(account)
	wait := d.minutes(3 * time.Second)
	return release.Request{
		Stack: storyStack, Template: cfn.BlueGreen(), Image: reference,
		Parameters: map[string]string{"Vpc": a.VPCID, "Subnet1": a.SubnetIDs[0], "Subnet2": a.SubnetIDs[1]},
		Change: template.Changes{
			TerminationWaitMinutes: &wait,
			TrafficRouting:         &template.TrafficRouting{Type: template.TimeBasedCanary, StepPercentage: 20, BakeTimeMins: d.minutes(time.Second)},
		},
		Check: release.Check{
			Check: verify.Check{Body: "Hello World! (" + word + ")", Interval: 50 * time.Millisecond},
			Rate:  storyRate,
		},
	}
}

// minutes returns how many minutes of AWS's time last as long here, at least:
// enough to be seen, whatever the speed.
func (d *demo) minutes(here time.Duration) int {
	return max(1, int(math.Ceil(here.Minutes()*d.speed)))
}

// release releases.
func (d *demo) release(ctx context.Context, account string, req release.Request) (report.Report, error) {
	return d.work(ctx, account, func(r *release.Releaser) (report.Report, error) { return r.Release(ctx, req) })
}

// work does something in an account, shows it, and keeps the report.
func (d *demo) work(ctx context.Context, account string, do func(*release.Releaser) (report.Report, error)) (report.Report, error) {
	r, stop, err := d.releaser(ctx, account)
	if err != nil {
		return report.Report{}, err
	}
	defer stop()
	document, err := do(r)
	d.reports = append(d.reports, document)
	return document, err
}

func (d *demo) blue(ctx context.Context) error {
	r, err := d.release(ctx, storyDev, d.request(storyDev, d.app.blue.Reference, "Blue"))
	if err != nil {
		return err
	}
	d.url = r.URLs["service"]
	d.fact(r.Plan.Class == "create" && r.Stack.Status == "CREATE_COMPLETE",
		"stack %s: %s, %d resources, in %s", storyStack, r.Stack.Status, len(r.Plan.Changes), seconds(r.Seconds))
	return d.says(ctx, "Blue", r.Image.Revision)
}

// says asks the service, as anybody could.
func (d *demo) says(ctx context.Context, word, revision string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, d.url, nil)
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
	d.fact(response.StatusCode == http.StatusOK && body == greeting && response.Header.Get(verify.DefaultRevisionHeader) == revision,
		"GET %s  %d  %q, revision %.12s of %s", d.url, response.StatusCode, body, response.Header.Get(verify.DefaultRevisionHeader), word)
	return nil
}

func (d *demo) green(ctx context.Context) error {
	r, err := d.release(ctx, storyDev, d.request(storyDev, d.app.green.Reference, "Green"))
	if err != nil {
		return err
	}
	d.fact(r.Plan.Class == "green deployment" && r.Stack.Status == "UPDATE_COMPLETE", "stack %s: %s, in %s", storyStack, r.Stack.Status, seconds(r.Seconds))
	from, to := overlap(r.Probe)
	d.fact(len(r.Traffic) > 0 && r.Traffic[len(r.Traffic)-1].Percent == 100 && from.Before(to),
		"traffic moved: %s on Green; both answered from %+.1fs to %+.1fs", shares(r.Traffic), from.Sub(r.Started).Seconds(), to.Sub(r.Started).Seconds())
	d.fact(r.Verification.Verdict == report.Successful && r.Verification.BlueLived && r.Verification.Revision == r.Image.Revision,
		"proved while Blue still lived, one call away: %s, revision %.12s", r.Verification.Reason, r.Verification.Revision)
	d.probed(r, "1.0.0 Blue", "2.0.0 Green", true)
	if err := d.says(ctx, "Green", r.Image.Revision); err != nil {
		return err
	}
	return d.oneTask(ctx, "Blue is terminated")
}

// probed claims that the probe lost nothing, and that nobody answered it but
// these two: the one from before surely, the new one if it lived long enough.
func (d *demo) probed(r report.Report, before, now string, surely bool) {
	p := r.Probe
	d.fact(p.Lost == 0 && p.Answered == p.Sent && p.Sent > 0, "%d requests at %g a second, %d lost; p50 %.1f ms, p99 %.1f ms, worst %.0f ms",
		p.Sent, p.Rate, p.Lost, p.Latency.P50, p.Latency.P99, p.Latency.Max)
	counts := map[string]int{}
	for _, a := range p.Answerers {
		counts[called(a)] += a.Count
		d.note("%-12s %4d answers, from %+.1fs to %+.1fs", called(a), a.Count, a.First.Sub(r.Started).Seconds(), a.Last.Sub(r.Started).Seconds())
	}
	d.fact(counts[before] > 0 && (counts[now] > 0 || !surely) && counts[before]+counts[now] == p.Answered,
		"%s: %.1f%% of the answers; %s: all others", now, 100*float64(counts[now])/float64(max(p.Answered, 1)), before)
}

func (d *demo) wrong(ctx context.Context) error {
	r, err := d.release(ctx, storyDev, d.request(storyDev, d.app.wrong.Reference, "Green"))
	var went *release.Error
	if !errors.As(err, &went) {
		d.fact(false, "version 3.0.0 is not taken: the release is %s", r.Verdict)
		return err
	}
	d.fact(went.Verdict == report.Failed && went.Outcome == report.WentBack && r.Stack.Status == "UPDATE_ROLLBACK_COMPLETE",
		"verdict %q, and it %s by itself (stack %s: %s), in %s", r.Verdict, r.Outcome, storyStack, r.Stack.Status, seconds(r.Seconds))
	v := r.Verification
	d.fact(v.BlueLived && v.Verdict == report.Failed, "decided while Green still lived, one call away: %s", long.ReplaceAllString(v.Reason, "$1…"))
	d.probed(r, "2.0.0 Green", "3.0.0 Purple", false)
	return errors.Join(d.says(ctx, "Green", r.Before.Revision), d.oneTask(ctx, "the wrong version is gone"))
}

// oneTask claims that only the tasks of one version are left.
func (d *demo) oneTask(ctx context.Context, claim string) error {
	dev, _ := d.box.Account(storyDev)
	state, err := d.box.State(ctx)
	if err != nil {
		return err
	}
	sets, tasks := state[dev.ID]["ecs:task-set"], state[dev.ID]["ecs:task"]
	d.fact(len(sets) == 1 && len(tasks) == 1, "%s: one task set, one task", claim)
	return nil
}

// back goes back to the image from before, which nobody has to name.
func (d *demo) back(ctx context.Context) error {
	req := d.request(storyDev, "", "Blue")
	wait := d.minutes(2 * time.Second)
	req.Template, req.Parameters = nil, nil
	req.Change = template.Changes{TerminationWaitMinutes: &wait, TrafficRouting: &template.TrafficRouting{Type: template.AllAtOnce}}
	r, err := d.work(ctx, storyDev, func(r *release.Releaser) (report.Report, error) { return r.Rollback(ctx, req) })
	if err != nil {
		return err
	}
	d.fact(r.Plan.Class == "green deployment" && r.Image.Digest == d.app.blue.Digest,
		"the stack knew what ran before: %s %.19s, released blue/green again, in %s", r.Image.Version, r.Image.Digest, seconds(r.Seconds))
	d.probed(r, "2.0.0 Green", "1.0.0 Blue", true)
	return d.says(ctx, "Blue", r.Image.Revision)
}

func (d *demo) refused(ctx context.Context) error {
	prod, _ := d.box.Account(storyProd)
	began := time.Now()
	_, err := d.release(ctx, storyProd, d.request(storyProd, d.app.green.Reference, "Green"))
	var refused *release.AccessError
	if !errors.As(err, &refused) {
		d.fact(false, "the release is refused")
		return err
	}
	d.fact(refused.Account == prod.ID, "refused: %s", refused.Reason)
	state, err := d.box.State(ctx)
	if err != nil {
		return err
	}
	touched := 0
	for _, c := range d.box.Calls() {
		if c.Time.After(began) && c.Account == prod.ID && c.Service != "ecr" && c.Service != "sts" {
			touched++
		}
	}
	d.fact(len(state[prod.ID]) == 0 && touched == 0, "before anything was touched: no call to CloudFormation, nothing in %s", storyProd)
	return nil
}

func readBody(response *http.Response) (string, error) {
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, 1000))
	return strings.TrimSpace(string(body)), err
}

// overlap is from when to when a canary shared the traffic: from the second
// version's first answer to the first version's last.
func overlap(p *report.Probe) (from, to time.Time) {
	if len(p.Answerers) == 2 {
		return p.Answerers[1].First, p.Answerers[0].Last
	}
	return from, to
}

// shares renders how the traffic moved: "0%, 20%, 100%".
func shares(traffic []report.Traffic) string {
	var all []string
	for _, t := range traffic {
		if text := fmt.Sprintf("%g%%", t.Percent); len(all) == 0 || all[len(all)-1] != text {
			all = append(all, text)
		}
	}
	return strings.Join(all, ", ")
}

// called names an answerer: "1.0.0 Blue".
func called(a report.Answerer) string {
	_, word, _ := strings.Cut(a.Body, "(")
	word, _, _ = strings.Cut(word, ")")
	return a.Version + " " + word
}

// together is one probe made of those of several releases, for one picture. An
// answerer is the same in all when its version is.
func together(reports []report.Report) *report.Probe {
	var whole *report.Probe
	for _, r := range reports {
		p := r.Probe
		if p == nil {
			continue
		}
		if whole == nil {
			whole = &report.Probe{URL: p.URL, Rate: p.Rate, Started: p.Started}
		}
		whole.Ended = p.Ended
		whole.Sent, whole.Answered, whole.Lost = whole.Sent+p.Sent, whole.Answered+p.Answered, whole.Lost+p.Lost
		// Percentiles of parts don't add up: the worst part's stand for all.
		l, m := &whole.Latency, p.Latency
		l.P50, l.P95, l.P99, l.Max = max(l.P50, m.P50), max(l.P95, m.P95), max(l.P99, m.P99), max(l.Max, m.Max)
		join(whole, p)
	}
	return whole
}

func join(whole, p *report.Probe) {
	names := map[string]string{}
	for _, a := range p.Answerers {
		names[a.ID], a.ID = a.Version, a.Version
		i := slices.IndexFunc(whole.Answerers, func(b report.Answerer) bool { return b.ID == a.ID })
		if i < 0 {
			whole.Answerers = append(whole.Answerers, a)
			continue
		}
		whole.Answerers[i].Count += a.Count
		whole.Answerers[i].Last = a.Last
	}
	for _, m := range p.Moments {
		answered := map[string]int{}
		for id, n := range m.Answered {
			answered[names[id]] = n
		}
		m.Answered = answered
		whole.Moments = append(whole.Moments, m)
	}
}
