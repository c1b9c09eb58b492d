package e2e

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"sync"
	"testing"

	"orgship/pipeline/release"
	"orgship/pipeline/report"
	"orgship/pipeline/verify"
)

// dialled notes what net/http's default transport connects to, with all that is
// cloned from it: the checks and the probe ask with clones.
var dialled = watch(http.DefaultTransport.(*http.Transport))

type dials struct {
	mu        sync.Mutex
	addresses []string
}

func watch(t *http.Transport) *dials {
	d, dial := &dials{}, t.DialContext
	t.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		d.mu.Lock()
		d.addresses = append(d.addresses, address)
		d.mu.Unlock()
		return dial(ctx, network, address)
	}
	return d
}

// of counts the connections to a host.
func (d *dials) of(host string) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	n := 0
	for _, a := range d.addresses {
		if h, _, err := net.SplitHostPort(a); err == nil && h == host {
			n++
		}
	}
	return n
}

// TestReleaseThroughTheEndpoint never connects to the load balancer: as who is
// outside the container that the sandbox is in.
func TestReleaseThroughTheEndpoint(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	proxy, err := url.Parse(w.box.Endpoint())
	if err != nil {
		t.Fatal(err)
	}
	r := w.releaser(w.dev, func(c *release.Config) { c.Transport = verify.Through(proxy) })
	run := func(variant, version string) report.Report {
		got, err := r.Release(t.Context(), w.request(variant, version, variant))
		must(t, got, err, report.Successful, report.Released)
		return got
	}
	service, err := url.Parse(run("Blue", "1.0").URLs["service"])
	if err != nil {
		t.Fatal(err)
	}
	green := run("Green", "2.0")
	if green.Probe.Lost > 0 || len(green.Probe.Answerers) != 2 || !green.Verification.BlueLived {
		t.Errorf("lost %d of %d: %v; answerers %+v", green.Probe.Lost, green.Probe.Sent, green.Probe.Errors, green.Probe.Answerers)
	}
	if n := dialled.of(service.Hostname()); n > 0 {
		t.Errorf("%d connections to the load balancer at %s", n, service)
	}
	for _, c := range w.box.Calls() {
		if c.Service == "" {
			t.Errorf("a question to the service is among the calls: %+v", c)
		}
	}
	if w.says(); dialled.of(service.Hostname()) == 0 {
		t.Error("a connection to the load balancer isn't noticed")
	}
}
