package github

import (
	"crypto/subtle"
	"encoding/json"
	"net/http"
)

// Path is where the sandbox's endpoint issues tokens.
const Path = "/_github/token"

// ServeHTTP issues a token to whoever has the request token, as a runner's
// ACTIONS_ID_TOKEN_REQUEST_URL does: GET with "Authorization: Bearer …" is answered
// with {"value": "<token>"}. The query says for which subject (sub) and audience,
// and what else is to be in the token.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	bearer := []byte(r.Header.Get("Authorization"))
	switch {
	case r.Method != http.MethodGet:
		w.Header().Set("Allow", http.MethodGet)
		refuse(w, http.StatusMethodNotAllowed, "a token is asked for with GET")
	case subtle.ConstantTimeCompare(bearer, []byte("Bearer "+s.requestToken)) != 1:
		w.Header().Set("WWW-Authenticate", "Bearer")
		refuse(w, http.StatusUnauthorized, "the Authorization header must be Bearer and the request token")
	default:
		s.issue(w, r)
	}
}

func (s *Service) issue(w http.ResponseWriter, r *http.Request) {
	all, err := claims(r.URL.Query(), random(16), s.clock.Now())
	if err != nil {
		refuse(w, http.StatusBadRequest, err.Error())
		return
	}
	token, err := s.sign(all)
	if err != nil {
		refuse(w, http.StatusInternalServerError, err.Error())
		return
	}
	answer(w, http.StatusOK, "value", token)
}

func refuse(w http.ResponseWriter, status int, why string) { answer(w, status, "message", why) }

// answer writes an object with one member. A client that went away needs none.
func answer(w http.ResponseWriter, status int, member, value string) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{member: value})
}
