package template

import (
	"math/big"
	"regexp"
	"strings"
)

// Plain scalars are read by YAML 1.1, which CloudFormation follows but for
// timestamps: "Version: 2012-10-17" stays a string.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-formats.html
var (
	yamlBool = map[string]string{
		"true": "true", "True": "true", "TRUE": "true", "yes": "true", "Yes": "true", "YES": "true", "on": "true", "On": "true", "ON": "true",
		"false": "false", "False": "false", "FALSE": "false", "no": "false", "No": "false", "NO": "false", "off": "false", "Off": "false", "OFF": "false",
	}
	yamlInt    = regexp.MustCompile(`^[-+]?(0b[01_]+|0[0-7_]+|0|[1-9][0-9_]*|0x[0-9a-fA-F_]+)$`)
	yamlFloat  = regexp.MustCompile(`^[-+]?([0-9][0-9_]*\.[0-9_]*([eE][-+]?[0-9]+)?|[0-9][0-9_]*[eE][-+]?[0-9]+|\.[0-9][0-9_]*([eE][-+]?[0-9]+)?)$`)
	jsonNumber = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?$`)
)

// plain sets text and type of an unquoted YAML scalar.
func (n *Node) plain(text string) {
	n.Text, n.Type = text, StringType
	switch text {
	case "", "~", "null", "Null", "NULL":
		n.Text, n.Type = "", NullType
		return
	}
	if value, ok := yamlBool[text]; ok {
		n.Text, n.Type = value, BoolType
		return
	}
	if yamlInt.MatchString(text) || yamlFloat.MatchString(text) {
		n.Type = NumberType
	}
}

// decimal returns a number as JSON writes it: "0x1F" as "31", "1_000" as
// "1000", ".5" as "0.5". What JSON already understands stays as it is.
func decimal(text string) string {
	if jsonNumber.MatchString(text) {
		return text
	}
	plain := strings.ReplaceAll(strings.TrimPrefix(text, "+"), "_", "")
	if i, ok := new(big.Int).SetString(plain, 0); ok {
		return i.String()
	}
	sign := ""
	if rest, ok := strings.CutPrefix(plain, "-"); ok {
		sign, plain = "-", rest
	}
	mantissa, exponent := plain, ""
	if i := strings.IndexAny(plain, "eE"); i >= 0 {
		mantissa, exponent = plain[:i], plain[i:]
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	whole = strings.TrimLeft(whole, "0")
	if whole == "" {
		whole = "0"
	}
	if fraction != "" {
		fraction = "." + fraction
	}
	return sign + whole + fraction + exponent
}
