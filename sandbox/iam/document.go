package iam

import (
	"orgship/policy"
	"orgship/sandbox/wire"
)

// namedPolicy is an identity policy: inline by its name, managed by its ARN.
type namedPolicy struct {
	name     string
	text     string
	document *policy.Document
}

// identityPolicy checks an identity policy document.
func identityPolicy(name, text string) (namedPolicy, error) {
	d, err := checked(text, (*policy.Document).CheckIdentity)
	if err != nil {
		return namedPolicy{}, err
	}
	d.Name = name
	return namedPolicy{name: name, text: text, document: d}, nil
}

// trustPolicy checks a trust policy document.
func trustPolicy(text string) (*policy.Document, error) {
	return checked(text, (*policy.Document).CheckTrust)
}

// checked parses a document; MalformedPolicyDocument says what is wrong.
func checked(text string, check func(*policy.Document) error) (*policy.Document, error) {
	d, err := policy.Parse([]byte(text))
	if err == nil {
		err = check(d)
	}
	if err != nil {
		return nil, wire.Errorf("MalformedPolicyDocument", "%v", err)
	}
	return d, nil
}

// documents returns what the policies say.
func documents(lists ...[]namedPolicy) []*policy.Document {
	var out []*policy.Document
	for _, list := range lists {
		for _, p := range list {
			out = append(out, p.document)
		}
	}
	return out
}
