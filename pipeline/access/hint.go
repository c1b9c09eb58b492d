package access

import (
	"fmt"
	"slices"
	"strings"
)

// examined is a policy that refuses an account.
type examined struct {
	Question
	account Account
	text    string
}

// mend is what would put a statement right.
type mend struct {
	at    int    // the statement, from 0
	says  string // what is wrong, and what to write instead
	apply func(statement)
}

// hint says in a sentence why a policy refuses an account, and what to write
// instead; "" when it knows nothing that fits. It is held against the evaluator: what
// it says is wrong is mended in a copy of the policy, and said only if the account
// may pull then, and may not without. The statement that needs the fewest mends is
// the closest.
func (e examined) hint(undecided bool) string {
	if mends := e.closest(e.slips); mends != nil {
		return e.sentence(mends)
	}
	if undecided {
		return "" // that the policy means to refuse can't be told
	}
	return e.sentence(e.closest(e.misses))
}

// closest returns the fewest mends, of one Allow and of every Deny, with which the
// account may pull; nil if none do.
func (e examined) closest(look func(statement) []mend) []mend {
	var best []mend
	statements := read(e.text).Statement
	for i := range statements {
		var mends []mend
		for j, s := range statements {
			if i != j && !s.denies() {
				continue
			}
			for _, m := range look(s) {
				m.at = j
				mends = append(mends, m)
			}
		}
		if !e.allowedWith(mends) {
			continue
		}
		for k := len(mends) - 1; k >= 0; k-- {
			if fewer := slices.Delete(slices.Clone(mends), k, k+1); e.allowedWith(fewer) {
				mends = fewer
			}
		}
		if best == nil || len(mends) < len(best) {
			best = mends
		}
	}
	return best
}

// allowedWith tells whether the account may pull once all is mended.
func (e examined) allowedWith(mends []mend) bool {
	d := read(e.text)
	for _, m := range mends {
		m.apply(d.Statement[m.at])
	}
	d.Statement = slices.DeleteFunc(d.Statement, func(s statement) bool { return len(s) == 0 })
	return e.allows(d)
}

// allows tells whether the account may pull under a document.
func (e examined) allows(d document) bool {
	parsed, err := d.parse()
	return err == nil && e.decide(e.account, parsed).Allowed
}

// sentence joins what mends say, by statement.
func (e examined) sentence(mends []mend) string {
	var out strings.Builder
	for i, m := range mends {
		switch {
		case i == 0 || mends[i-1].at != m.at:
			if i > 0 {
				out.WriteString("; ")
			}
			fmt.Fprintf(&out, "%s: ", read(e.text).Statement[m.at].name(m.at))
		default:
			out.WriteString("; and ")
		}
		out.WriteString(m.says)
	}
	return out.String()
}

// slips are mends of what surely is a mistake, whoever is meant.
func (e examined) slips(s statement) []mend {
	var mends []mend
	for _, c := range s.conditions() {
		if right, says := c.corrected(e.account, s.denies()); says != "" {
			mends = append(mends, mend{says: says, apply: c.replacedBy(right)})
		}
	}
	if !s.denies() {
		mends = append(mends, e.missingActions(s)...)
	}
	return mends
}

// misses are slips, and mends of what may well be meant, such as another OU.
func (e examined) misses(s statement) []mend {
	if s.denies() {
		return append(e.slips(s), e.denial(s)...)
	}
	var mends []mend
	for _, c := range s.conditions() {
		right, says := c.corrected(e.account, false)
		if wider, why := right.opened(e.account); why != "" {
			right = wider
			says = strings.TrimPrefix(says+"; and "+why, "; and ")
		}
		if says != "" {
			mends = append(mends, mend{says: says, apply: c.replacedBy(right)})
		}
	}
	mends = append(mends, e.missingActions(s)...)
	return append(mends, e.missingPrincipal(s)...)
}

// missingActions adds what it takes to pull to an Allow that has some of it.
func (e examined) missingActions(s statement) []mend {
	var mends []mend
	for _, action := range e.Actions {
		one := e
		one.Actions = []string{action}
		if one.allows(document{Statement: []statement{{"Effect": "Allow", "Principal": everyone, "Action": s["Action"]}}}) {
			continue
		}
		mends = append(mends, mend{
			says:  action + " is missing from its Action",
			apply: func(s statement) { s["Action"] = append(texts(s["Action"]), action) },
		})
	}
	if s["Action"] == nil || len(mends) == len(e.Actions) {
		return nil // it isn't about pulling
	}
	return mends
}

// denial takes away a Deny that surely keeps the account from pulling.
func (e examined) denial(s statement) []mend {
	d := document{Version: read(e.text).Version, Statement: []statement{{"Effect": "Allow", "Principal": everyone, "Action": "*"}, s}}
	parsed, err := d.parse()
	if err != nil {
		return nil
	}
	decision := e.decide(e.account, parsed)
	if decision.Allowed || decision.Undecided {
		return nil
	}
	says := fmt.Sprintf("it denies the account %s, and a Deny outweighs every Allow: make an exception of the account there", decision.Action)
	return []mend{{says: says, apply: func(s statement) { clear(s) }}}
}

// missingPrincipal adds the account to those that a statement names.
func (e examined) missingPrincipal(s statement) []mend {
	named, ok := s["Principal"].(map[string]any)
	if !ok {
		return nil
	}
	var all []string
	for _, values := range named {
		all = append(all, texts(values)...)
	}
	slices.Sort(all)
	who, root := "account "+e.account.ID, "arn:aws:iam::"+e.account.ID+":root"
	if e.Role != "" {
		who = e.request(e.account, "", nil).Principal.RoleARN
	}
	says := fmt.Sprintf("its Principal is %s, not %s: add {\"AWS\": %q}", strings.Join(all, ", "), who, root)
	if named["Service"] != nil && len(named) == 1 {
		says = fmt.Sprintf("its Principal is the service %s, but a role of the account pulls, the task's execution role: add {\"AWS\": %q}", strings.Join(all, ", "), root)
	}
	return []mend{{says: says, apply: func(s statement) {
		principal := s["Principal"].(map[string]any)
		principal["AWS"] = append(texts(principal["AWS"]), root)
	}}}
}
