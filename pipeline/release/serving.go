package release

import (
	"time"

	"orgship/pipeline/analysis"
	"orgship/pipeline/report"
)

// noteWeight notes since when the new version has had traffic.
func (w *work) noteWeight(now analysis.Weight) {
	if w.weighed.IsZero() && now.Known && now.Percent > 0 {
		w.weighed = now.Since
	}
	if w.full.IsZero() && now.Full() {
		w.full = now.Since
	}
}

// serving is what serves at the end, and who was affected on the way; nil where
// nothing is known about it.
func (w *work) serving(err error) *report.Serving {
	now := w.rec.Snapshot()
	s := &report.Serving{Touched: !w.changing.IsZero() && w.result.outcome != report.Refused}
	switch w.result.outcome {
	case report.Released, report.InProgress, report.Broken:
		s.Image, s.Since = now.Image, w.full
		if w.cancelled && w.existing != nil { // it goes back, or went back to what doesn't answer
			s.Image, s.Since = now.Before, time.Time{}
		}
	case report.RolledBack:
		s.Image, s.Since = now.Before, w.relieved
		if w.restored {
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
	w.affected(s)
	return s
}

// affected counts the requests of the run.
func (w *work) affected(s *report.Serving) {
	if w.probe != nil {
		seen := w.probe.Snapshot()
		s.Asked, s.Lost = seen.Sent, seen.Lost
	}
	if w.analysis != nil {
		s.Wrong = w.analysis.Counts()[string(analysis.Wrong)]
	}
	end := w.decidedAt
	if !w.relieved.IsZero() {
		end = w.relieved
	}
	if !w.weighed.IsZero() && end.After(w.weighed) {
		s.ExposedSeconds = float64(end.Sub(w.weighed).Round(time.Millisecond)) / float64(time.Second)
	}
}
