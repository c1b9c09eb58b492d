package cli

import (
	"slices"
	"strings"

	"orgship/pipeline/report"
)

// where are the flags that say who asks, and where: a command that is told to be
// typed has to have them, or it acts in another account.
var where = []string{"--account", "--ou", "--unit", "--credentials", "--region", "--endpoint", "--role", "--speed"}

// again renders a command of orgship with the flags of args that say who asks,
// and where.
func again(args []string, words ...string) string {
	command := append([]string{"orgship"}, words...)
	for i := 0; i < len(args); i++ {
		name, _, joined := strings.Cut(args[i], "=")
		switch {
		case args[i] == "--":
			i = len(args)
		case !slices.Contains(where, name):
		case joined:
			command = append(command, name+"="+shown(name, args[i][len(name)+1:]))
		case i+1 < len(args):
			command = append(command, name, shown(name, args[i+1]))
			i++
		}
	}
	for i, word := range command {
		command[i] = shellQuote(word)
	}
	return strings.Join(command, " ")
}

// shown is a flag's value without what may be a secret: an endpoint's password.
func shown(name, value string) string {
	if name == "--endpoint" {
		return report.CleanURL(value)
	}
	return value
}

// shellQuote renders a word for a POSIX shell.
func shellQuote(word string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./:=@,+%", r)
	}
	if word != "" && !strings.ContainsFunc(word, func(r rune) bool { return !plain(r) }) {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
