package release

import (
	"testing"
	"testing/synctest"
	"time"
)

// Nothing waits in silence, and what is said anyway isn't told twice.
func TestWaitsAreTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := &quiet{said: time.Now()}
		idle := 0
		for second := range 60 {
			if second == 30 {
				q.say()
			}
			if q.over(false) {
				idle++
			}
			time.Sleep(time.Second)
		}
		if idle != 4 { // at 10, 20, 40 and 50
			t.Errorf("a minute of silence, in which something was said once, was told %d times", idle)
		}
		if !q.over(true) || q.over(true) {
			t.Error("a call that is made again is told at once, and then not for a while")
		}
	})
}
