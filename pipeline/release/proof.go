package release

import (
	"context"
	"errors"
	"fmt"
	"time"

	"orgship/pipeline/registry"
	"orgship/pipeline/report"
	"orgship/pipeline/serving"
	"orgship/template"
)

// Proof says what has to show that it is the new image that serves.
type Proof string

// The proofs.
const (
	// ProofAuto takes the header where image and service have it, and AWS's records
	// in any case.
	ProofAuto   Proof = ""
	ProofTasks  Proof = "tasks"  // AWS's records, or the release is inconclusive
	ProofHeader Proof = "header" // every answer has to say the image's revision
	ProofNone   Proof = "none"   // right answers are enough, and nothing is claimed
)

// records are AWS's own of what serves; *serving.Reader has them.
type records interface {
	Serving(ctx context.Context, q serving.Question) (report.Evidence, error)
	Running(ctx context.Context, q serving.Question) (image string, err error)
	Address(ctx context.Context, listener string) (string, error)
	Failed(ctx context.Context, service string, since time.Time) (*report.FailedTask, error)
}

// evidenceTime is how long the records may take to show what serves: targets of
// the old version drain, those of the new one become healthy.
const evidenceTime = 30 * time.Second

// evidence reads who serves by AWS's records, until they prove that an image
// does or the time is up; nil where there are none to be had.
func (w *run) evidence(ctx context.Context, image registry.Image) *report.Evidence {
	if w.cfg.Records == nil || w.req.Check.Proof == ProofNone || w.serves.Listener == "" || w.serves.Service == "" {
		return nil
	}
	q, err := w.question(ctx, w.rec.Snapshot().Stack.ID, w.serves)
	if err != nil || q.Listener == "" || q.Service == "" {
		return nil
	}
	digests := digestsOf(image)
	limit := time.Now().Add(max(w.scaled(evidenceTime), 2*time.Second))
	for {
		e, err := w.cfg.Records.Serving(ctx, q)
		var denied *serving.DeniedError
		late := time.Now().After(limit)
		if err != nil && (late || errors.As(err, &denied)) {
			w.unread(ctx, err)
			return nil
		}
		if err == nil {
			e.Proved, e.Reason = serving.Judge(e, digests)
		} else {
			e.Reason = err.Error()
		}
		if e.Proved || late || pause(ctx, max(w.scaled(time.Second), 100*time.Millisecond)) != nil {
			return &e
		}
	}
}

// digestsOf are the digests that tasks of an image run: its own, or its platform's.
func digestsOf(image registry.Image) []string {
	return append([]string{image.Digest}, image.Manifests...)
}

func (w *run) digests() []string { return digestsOf(w.proposal.image) }

// weigher reads how much of the traffic the new image gets by AWS's records; nil where
// there are none to be had.
func (w *run) weigher() func(context.Context) (float64, bool, error) {
	if w.cfg.Records == nil || w.serves.Listener == "" || w.serves.Service == "" {
		return nil
	}
	return func(ctx context.Context) (float64, bool, error) {
		q, err := w.question(ctx, w.rec.Snapshot().Stack.ID, w.serves)
		if err != nil {
			return 0, false, err
		}
		e, err := w.cfg.Records.Serving(ctx, q)
		if err != nil {
			return 0, false, err
		}
		percent, known := serving.Share(e, w.digests())
		return percent, known, nil
	}
}

// question asks about the service, the listener and the target groups that a
// stack has made.
func (w *run) question(ctx context.Context, stackID string, of template.Serving) (q serving.Question, err error) {
	q = serving.Question{Container: w.req.Change.Container, Whole: of.Hook}
	if q.Listener, err = w.cfg.Stacks.PhysicalID(ctx, stackID, of.Listener); err != nil {
		return q, err
	}
	if q.Service, err = w.cfg.Stacks.PhysicalID(ctx, stackID, of.Service); err != nil {
		return q, err
	}
	for _, id := range of.Groups {
		group, err := w.cfg.Stacks.PhysicalID(ctx, stackID, id)
		if err != nil {
			return q, err
		}
		if group != "" {
			q.Groups = append(q.Groups, group)
		}
	}
	return q, nil
}

// unread says why AWS's records couldn't be read.
func (w *run) unread(ctx context.Context, err error) {
	if ctx.Err() != nil {
		return
	}
	text := err.Error()
	if h := hint(err); h != "" {
		text += ": " + h
	}
	w.advise(text)
}

// headerSaid reports whether the latest right answer said the image's revision.
func (w *run) headerSaid() bool {
	last := w.analysis.Last()
	if w.classifier.Expected == "" || len(last) == 0 {
		return false
	}
	return last[len(last)-1].Revision == report.Clean(w.classifier.Expected)
}

// prove says, after right answers, what shows that the new image gave them. What
// the records contradict isn't successful.
func (w *run) prove(ctx context.Context, res result) (result, error) {
	w.proof = w.evidence(ctx, w.proposal.image)
	if err := context.Cause(ctx); err != nil && (w.proof == nil || !w.proof.Proved) {
		w.fail(ctx, report.VerifyStep, err)
		return result{report.Inconclusive, report.Released, "interrupted: deployed, and not proved to the end"}, &stepError{report.VerifyStep, err}
	}
	said := w.headerSaid()
	switch e := w.proof; {
	case said:
		w.proved = string(ProofHeader)
	case e != nil && e.Proved:
		w.proved = string(ProofTasks)
	}
	switch e := w.proof; {
	case e != nil && e.Proved:
		res.summary += "; " + e.Reason
	case w.req.Check.Proof == ProofTasks && e == nil:
		return w.unproved(res, "AWS's records couldn't be read")
	case w.req.Check.Proof == ProofTasks, e != nil && serving.Contrary(*e, w.digests()):
		return w.unproved(res, e.Reason)
	case !said && e != nil:
		res.summary += "; which image gave them isn't proved: " + e.Reason
	case !said:
		res.summary += "; which image gave them isn't proved"
	}
	return res, nil
}

func (w *run) unproved(res result, why string) (result, error) {
	w.finishVerify(report.StepFailed, why)
	res.verdict, res.summary = report.Inconclusive, fmt.Sprintf("%s; but that the new image gave them isn't proved: %s", res.summary, why)
	return res, &stepError{report.VerifyStep, &UnprovedError{Reason: why}}
}

// UnprovedError says that right answers came, and that nothing shows of which
// image.
type UnprovedError struct{ Reason string }

func (e *UnprovedError) Error() string { return "the image that answers isn't proved: " + e.Reason }

// Hint says what to do about it.
func (e *UnprovedError) Hint() string {
	return "see who else deploys this service; without that proof: --proof header (the answers say the image's revision) or --proof none"
}

// NoLabelError says that answers have nothing to be compared with.
type NoLabelError struct{}

func (e *NoLabelError) Error() string {
	return "--proof header: the image has no label " + registry.RevisionLabel + " that answers could be compared with"
}

// Hint says what to do about it.
func (e *NoLabelError) Hint() string {
	return "build it with the label, or take AWS's records for proof: --proof tasks"
}

// Refusal says that it is a refusal, not work that could not be done.
func (e *NoLabelError) Refusal() bool { return true }
