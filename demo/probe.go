package demo

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"orgship/pipeline/report"
)

// probed claims that the probe lost nothing, and that nobody answered it but
// these two: the one from before surely, the new one if it lived long enough.
func (s *Story) probed(r report.Report, before, now string, surely bool) {
	p := r.Probe
	s.fact(p.Lost == 0 && p.Answered == p.Sent && p.Sent > 0, "%d requests at %g a second, %d lost; p50 %.1f ms, p99 %.1f ms, worst %.0f ms",
		p.Sent, p.Rate, p.Lost, p.Latency.P50, p.Latency.P99, p.Latency.Max)
	counts := map[string]int{}
	for _, a := range p.Answerers {
		counts[called(a)] += a.Count
		s.note("%-12s %4d answers, from %+.1fs to %+.1fs", called(a), a.Count, a.First.Sub(r.Started).Seconds(), a.Last.Sub(r.Started).Seconds())
	}
	s.fact(counts[before] > 0 && (counts[now] > 0 || !surely) && counts[before]+counts[now] == p.Answered,
		"%s: %.1f%% of the answers; %s: all others", now, 100*float64(counts[now])/float64(max(p.Answered, 1)), before)
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
