package elb

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// cookieLife is how long a browser keeps the load balancer's cookies, however long they
// mean something.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/sticky-sessions.html
const cookieLife = 7 * 24 * time.Hour

// jar makes and reads the cookies of a load balancer: nobody else can do either.
type jar struct{ aead cipher.AEAD }

func newJar() *jar {
	key := make([]byte, 32)
	rand.Read(key) // never fails: https://pkg.go.dev/crypto/rand#Read
	block, err := aes.NewCipher(key)
	if err != nil {
		panic("elb: internal error: " + err.Error()) // can't happen: the key is of 32 bytes
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic("elb: internal error: " + err.Error()) // can't happen: AES has blocks of 16 bytes
	}
	return &jar{aead}
}

// seal makes the value of a cookie that leads to something, as of now.
func (j *jar) seal(name, to string, now time.Time) string {
	text := fmt.Sprintf("%d %s", now.UnixMilli(), to)
	return base64.StdEncoding.EncodeToString(j.aead.Seal(nil, nil, []byte(text), []byte(name)))
}

// open returns what a request's cookie leads to, if it is one of this load balancer's
// and not older than it may be. The copy for requests from other sites counts too.
func (j *jar) open(r *http.Request, name string, now time.Time, life time.Duration) (to string, ok bool) {
	for _, c := range append(r.CookiesNamed(name), r.CookiesNamed(forOthers(name))...) {
		sealed, err := base64.StdEncoding.DecodeString(c.Value)
		if err != nil {
			continue
		}
		text, err := j.aead.Open(nil, nil, sealed, []byte(name))
		if err != nil {
			continue
		}
		at, to, _ := strings.Cut(string(text), " ")
		ms, err := strconv.ParseInt(at, 10, 64)
		if err == nil && now.Sub(time.UnixMilli(ms)) < life {
			return to, true
		}
	}
	return "", false
}

// forOthers names the copy of a cookie that browsers send with requests from other
// sites as well: AWSALBCORS, AWSALBTGCORS.
func forOthers(name string) string { return name + "CORS" }

// give sets a cookie, and its copy for requests from other sites.
func (j *jar) give(h http.Header, name, to string, https bool) {
	now := time.Now()
	c := &http.Cookie{Name: name, Value: j.seal(name, to, now), Path: "/", Expires: now.Add(cookieLife)}
	h.Add("Set-Cookie", c.String())
	c.Name, c.SameSite, c.Secure = forOthers(name), http.SameSiteNoneMode, https
	h.Add("Set-Cookie", c.String())
}
