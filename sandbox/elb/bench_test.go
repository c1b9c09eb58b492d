package elb_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"
)

// The load balancer beside a plain reverse proxy, same target, same clients.
func BenchmarkProxy(b *testing.B) {
	w := newWorld(b, 1)
	body := strings.Repeat("x", 1024)
	lb, _, _ := w.web(named(body))
	target := httptest.NewServer(named(body))
	b.Cleanup(target.Close)
	u := must[*url.URL](b)(url.Parse(target.URL))
	plain := httptest.NewServer(&httputil.ReverseProxy{
		Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(u); r.SetXForwarded() },
		Transport: &http.Transport{MaxIdleConnsPerHost: 256, DisableCompression: true},
	})
	b.Cleanup(plain.Close)
	for name, to := range map[string]string{"elb": base(lb, 80), "ReverseProxy": plain.URL, "direct": target.URL} {
		b.Run(name, func(b *testing.B) {
			client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 256}}
			defer client.CloseIdleConnections()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					res, err := client.Get(to)
					if err != nil {
						b.Error(err)
						return
					}
					io.Copy(io.Discard, res.Body)
					res.Body.Close()
				}
			})
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "req/s")
		})
	}
}
