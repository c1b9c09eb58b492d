package release

import (
	"time"

	"orgship/pipeline/analysis"
	"orgship/pipeline/report"
	"orgship/pipeline/serving"
)

// noteWeight notes since when the new version has had traffic.
func (w *run) noteWeight(now analysis.Weight) {
	if w.progress.weighed.IsZero() && now.Known && now.Percent > 0 {
		w.progress.weighed = now.Since
	}
	if w.progress.full.IsZero() && now.Full() {
		w.progress.full = now.Since
	}
}

// serving is what serves at the end, and who was affected on the way; nil where
// nothing is known about it.
func (w *run) serving(outcome report.Outcome, err error) *report.Serving {
	now := w.rec.Snapshot()
	s := &report.Serving{Touched: !w.progress.began.IsZero() && outcome != report.Refused}
	switch outcome {
	case report.Released, report.InProgress, report.Broken:
		s.Image, s.Since = now.Image, w.progress.full
		if w.progress.cancelled && w.current.stack != nil { // it goes back, or went back to what doesn't answer
			s.Image, s.Since = now.Before, time.Time{}
		}
	case report.RolledBack:
		s.Image, s.Since = now.Before, w.progress.relieved
		if w.progress.restored {
			s.Image = now.Image
		}
	case report.Unchanged:
		s.Image = now.Image
		if w.req.DryRun {
			s.Image = now.Before
		}
	case report.Removed:
	default:
		s.Image = now.Before
	}
	if now.Kind == report.Share || s.Image == nil && !s.Touched && err == nil {
		return nil
	}
	s.Proof, s.Evidence = w.proved, w.proof
	if e := w.proof; e != nil && !e.Proved && serving.Contrary(*e, w.digests()) {
		s.Image, s.Since = nil, time.Time{} // AWS's records say who serves, and it isn't the image of this release
		if digest := serving.Only(*e); digest != "" {
			s.Image = &report.Image{Digest: digest}
		}
	}
	w.affected(s)
	return s
}

// affected counts the requests of the run.
func (w *run) affected(s *report.Serving) {
	if w.probe != nil {
		seen := w.probe.Snapshot()
		s.Asked, s.Lost = seen.Sent, seen.Lost
	}
	if w.analysis != nil {
		s.Wrong = w.analysis.Counts()[string(analysis.Wrong)]
	}
	end := w.progress.decided
	if !w.progress.relieved.IsZero() {
		end = w.progress.relieved
	}
	if !w.progress.weighed.IsZero() && end.After(w.progress.weighed) {
		s.ExposedSeconds = float64(end.Sub(w.progress.weighed).Round(time.Millisecond)) / float64(time.Second)
	}
}
