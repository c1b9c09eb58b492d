package elb

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
)

// serverName is the Server header of answers that the load balancer makes itself.
const serverName = "awselb/2.0"

// answer writes one of the load balancer's own error pages.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-troubleshooting.html
func answer(w http.ResponseWriter, status int) {
	text := map[int]string{
		http.StatusBadGateway:         "502 Bad Gateway",
		http.StatusServiceUnavailable: "503 Service Temporarily Unavailable",
		http.StatusGatewayTimeout:     "504 Gateway Time-out",
	}[status]
	page := strings.ReplaceAll("<html>\r\n<head><title>TEXT</title></head>\r\n<body>\r\n<center><h1>TEXT</h1></center>\r\n</body>\r\n</html>\r\n", "TEXT", text)
	own(w, "text/html", len(page))
	w.WriteHeader(status)
	_, _ = io.WriteString(w, page)
}

// own sets the headers of the load balancer's own answers.
func own(w http.ResponseWriter, contentType string, length int) {
	h := w.Header()
	h.Set("Server", serverName)
	h.Set("Content-Length", strconv.Itoa(length))
	if contentType != "" {
		h.Set("Content-Type", contentType)
	}
}

// fixed answers a fixed-response action.
func fixed(c *types.FixedResponseActionConfig) http.Handler {
	status, _ := strconv.Atoi(*c.StatusCode) // checked by checkFixed
	body := val(c.MessageBody)
	content := val(c.ContentType)
	if content == "" {
		content = "text/plain"
	}
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		own(w, content+"; charset=utf-8", len(body))
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	})
}

// redirect answers a redirect action.
type redirect struct {
	config *types.RedirectActionConfig
	front  *front
}

func (a redirect) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	status := http.StatusMovedPermanently
	if a.config.StatusCode == types.RedirectActionStatusCodeEnumHttp302 {
		status = http.StatusFound
	}
	w.Header().Set("Location", a.location(r))
	answerRedirect(w, status)
}

func answerRedirect(w http.ResponseWriter, status int) {
	page := fmt.Sprintf("<html>\r\n<head><title>%[1]d %[2]s</title></head>\r\n<body>\r\n<center><h1>%[1]d %[2]s</h1></center>\r\n</body>\r\n</html>\r\n", status, http.StatusText(status))
	own(w, "text/html", len(page))
	w.WriteHeader(status)
	_, _ = io.WriteString(w, page)
}

// protocolOf is the protocol that a request came by.
func protocolOf(r *http.Request) string {
	if r.TLS != nil {
		return "HTTPS"
	}
	return "HTTP"
}

// location fills in the redirect's placeholders. A redirect to another port of
// this load balancer leads to where that port is really bound.
func (a redirect) location(r *http.Request) string {
	c := a.config
	fill := strings.NewReplacer(
		"#{protocol}", protocolOf(r),
		"#{host}", hostname(r.Host),
		"#{port}", strconv.Itoa(a.front.port),
		"#{path}", strings.TrimPrefix(r.URL.EscapedPath(), "/"),
		"#{query}", r.URL.RawQuery,
	).Replace
	protocol, host, port := fill(*c.Protocol), fill(*c.Host), fill(*c.Port)
	if n, err := strconv.Atoi(port); err == nil && host == a.front.address.ip.String() {
		port = strconv.Itoa(a.front.address.port(n))
	}
	to := strings.ToLower(protocol) + "://" + net.JoinHostPort(host, port) + fill(*c.Path)
	if q := fill(*c.Query); q != "" {
		to += "?" + q
	}
	return to
}
