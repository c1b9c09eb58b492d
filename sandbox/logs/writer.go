package logs

import (
	"bytes"
	"context"
	"io"
	"sync"

	"orgship/sandbox/iam"
)

// maxLine is where a line without an end is cut: the most that one event holds.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html
const maxLine = 256 << 10

// Writer returns a writer that makes an event of each line, in a stream of a
// group of the caller's account; the stream is made at once if it isn't there.
// Each Write fails with ResourceNotFoundException while the group doesn't
// exist, so writing nothing asks whether it does. Close writes what is left of
// an unfinished last line. The writer may be used by several goroutines.
func (s *Service) Writer(ctx context.Context, group, stream string) io.WriteCloser {
	w := &writer{service: s, account: iam.Caller(ctx).Account, group: group, stream: stream}
	_ = w.flush(nil) // a group that is missing shows in the first Write
	return w
}

type writer struct {
	service                *Service
	account, group, stream string

	mu      sync.Mutex
	partial []byte
}

func (w *writer) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.partial = append(w.partial, p...)
	var lines []string
	for {
		i := bytes.IndexByte(w.partial, '\n')
		switch {
		case i >= 0:
			lines = append(lines, string(bytes.TrimSuffix(w.partial[:i], []byte("\r"))))
			w.partial = w.partial[i+1:]
			continue
		case len(w.partial) > maxLine:
			lines = append(lines, string(w.partial[:maxLine]))
			w.partial = w.partial[maxLine:]
			continue
		}
		break
	}
	return len(p), w.flush(lines)
}

func (w *writer) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.partial) == 0 {
		return nil
	}
	last := string(w.partial)
	w.partial = nil
	return w.flush([]string{last})
}

// flush appends lines to the stream, which it makes when it is missing.
func (w *writer) flush(lines []string) error {
	s := w.service
	s.mu.Lock()
	defer s.mu.Unlock()
	g, err := s.group(iam.WithPrincipal(context.Background(), iam.Principal{Account: w.account}), w.group)
	if err != nil {
		return err
	}
	now := s.clock.Now()
	st := g.streams[w.stream]
	if st == nil {
		st = g.addStream(w.stream, now)
	}
	for _, line := range lines {
		st.append(now, line)
	}
	return nil
}
