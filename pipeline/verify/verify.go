// Package verify asks a service over HTTP and says what it found: one [Check]
// that waits for the right answer, and a [Probe] that asks at a steady rate
// through a whole release and keeps who answered, how fast, and what was lost.
//
// It tells three things apart that a plain curl mixes up: the app answered
// rightly, the app answered wrongly, and nobody could be asked. "Not reachable
// yet" (connection refused, no such host, a time-out, 502, 503 or 504 of a load
// balancer) is never "wrong".
package verify

// Verdict is what a check came to.
type Verdict string

// The verdicts. They are words of reports and exit statuses: they don't change.
const (
	Successful   Verdict = "successful"   // the app answered rightly, often enough in a row
	Failed       Verdict = "failed"       // the app answered, and wrongly
	Error        Verdict = "error"        // the app could not be asked
	Inconclusive Verdict = "inconclusive" // the answers were mixed until the time was up
)
