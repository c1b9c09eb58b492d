package render_test

import (
	"bytes"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"orgship/pipeline/report"
	"orgship/pipeline/report/render"
)

func TestStyleFor(t *testing.T) {
	t.Parallel()
	tests := []struct {
		env      string
		terminal bool
		want     render.Style
	}{
		{"LANG=en_US.UTF-8", true, render.Style{Color: true, Unicode: true}},
		{"LANG=en_US.UTF-8 NO_COLOR=1", true, render.Style{Unicode: true}},
		{"LANG=en_US.UTF-8 TERM=dumb", true, render.Style{Unicode: true}},
		{"LANG=en_US.UTF-8", false, render.Style{Unicode: true}},
		{"LANG=en_US.UTF-8 LC_ALL=C", true, render.Style{Color: true}},
		{"", true, render.Style{Color: true}},
	}
	for _, test := range tests {
		env := map[string]string{}
		for pair := range strings.FieldsSeq(test.env) {
			key, value, _ := strings.Cut(pair, "=")
			env[key] = value
		}
		if got := render.StyleFor(func(name string) string { return env[name] }, test.terminal, 0); got != test.want {
			t.Errorf("%q, terminal %v: %+v, want %+v", test.env, test.terminal, got, test.want)
		}
	}
}

func TestShowLines(t *testing.T) {
	t.Parallel()
	c := &clock{start}
	r := report.NewRecorder(report.Release, "", c.Now, "push")
	var out bytes.Buffer
	stop := render.Show(r, &out, render.View{})
	c.now = at(1)
	r.Begin("push")
	if got, want := out.String(), "12:00:01.000    +1.0s  release  push  running\n"; got != want {
		t.Errorf("wrote %q, want %q", got, want)
	}
	r.Close(report.Successful, report.Released, "done")
	stop()
	if !strings.Contains(out.String(), "successful: released") {
		t.Errorf("no timeline at the end:\n%s", out.String())
	}
}

func TestShowLive(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := report.NewRecorder(report.Release, "", nil, "push", "access", "plan", "apply", "verify")
		var out lockedBuffer
		stop := render.Show(r, &out, render.View{Live: true, Size: func() (int, int) { return 80, 5 }})
		r.Begin("push")
		time.Sleep(350 * time.Millisecond)
		synctest.Wait()
		frames := strings.Split(out.String(), "\x1b[J")
		if len(frames) < 3 {
			t.Fatalf("%d frames in 350 ms", len(frames)-1)
		}
		if rows := strings.Count(frames[1], "\n"); rows != 4 {
			t.Errorf("a frame of %d rows on a terminal of 5", rows)
		}
		if !strings.HasPrefix(frames[2], "orgship release") || !strings.Contains(frames[1], "\x1b[4A") {
			t.Errorf("frames %q", frames[:3])
		}
		r.Close(report.Successful, report.Released, "done")
		stop()
		stop()
		if got := out.String(); !strings.Contains(got[strings.LastIndex(got, "\x1b[J"):], "successful: released") {
			t.Errorf("the last frame is not the timeline:\n%q", got)
		}
	})
}

type lockedBuffer struct {
	mu sync.Mutex
	bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.String()
}
