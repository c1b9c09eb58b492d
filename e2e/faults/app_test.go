package faults

import "orgship/pipeline/report"

// images are the apps by tag: what they say and do.
var images = map[string]map[string]string{
	"one": {"SAY": "one"}, "two": {"SAY": "two"}, "three": {"SAY": "three"},
	"exits":     {"SAY": "exits", "EXIT": "3"},
	"dies":      {"SAY": "dies", "DIES_AFTER_MS": "1500"},
	"status500": {"SAY": "status500", "STATUS": "500"},
	"status404": {"SAY": "status404", "STATUS": "404"},
	"redirects": {"SAY": "redirects", "STATUS": "302"},
	"tenth503":  {"SAY": "tenth503", "STATUS": "503", "EVERY": "10"},
	"tenth":     {"SAY": "two", "WRONG": "oops", "EVERY": "10"},
	"clock":     {"SAY": "clock", "BODY": "clock"},
	"host":      {"SAY": "host", "BODY": "host"},
	"binary":    {"SAY": "binary", "BODY": "binary"},
	"endless":   {"SAY": "endless", "BODY": "endless"},
	"slow":      {"SAY": "slow", "DELAY_MS": "150"},
	"stuck":     {"SAY": "stuck", "DELAY_MS": "4000"},
	"sick":      {"SAY": "sick", "SICK_AFTER_MS": "1"},
}

const releases = "release shop --account dev-2 REPO:"

// apps are releases of apps that nobody here knows.
func apps() []situation {
	went := func(name, tag, flags, line string) situation {
		return situation{name: name, args: releases + tag + " " + flags, status: 1, verdict: report.Failed, outcome: report.RolledBack, line: line}
	}
	good := func(name, tag, flags, serves string) situation {
		return situation{name: name, args: releases + tag + " " + flags, verdict: report.Successful, outcome: report.Released, line: `(?s)^Now serving: sha256:\w+, since .*\n.*by AWS's records`, serves: serves}
	}
	return []situation{
		good("a good version", "two", "--expect-body two", "two"),
		good("nothing to expect but that it answers", "one", "", "one"),
		went("it exits at once", "exits", "", `(?s)^Now serving: sha256:\w+; \d+ requests, none lost\n.*failed at Install`),
		went("it dies again and again", "dies", "--rate 100 --termination-wait 4m", "requests (were|was) lost"),
		went("it answers 500", "status500", "", `requests? .*lost|status is 500`),
		went("it answers 404", "status404", "", `answered wrongly.*\n.*status is 404`),
		went("it redirects", "redirects", "", `status is 302`),
		went("every tenth answer is 503", "tenth503", "--rate 100", `were lost`),
		went("every tenth answer is wrong", "tenth", "--expect-body two", `body lacks "two"`),
		went("it says the wrong thing", "two", "--expect-body three", `answered wrongly.*\n.*body lacks "three"`),
		went("the pattern doesn't match", "two", "--expect-pattern ^three$", `doesn't match`),
		went("a header is missing", "two", "--expect-header X-Shop=1", `header X-Shop`),
		went("it is never healthy", "sick", "", `failed at Install`),
		good("it says another thing every time", "clock", "--expect-body clock", "clock"),
		good("each instance says another thing", "host", "--expect-body host", "host"),
		good("it is slow", "slow", "--expect-body slow --termination-wait 3m", "slow"),
		{name: "it is slower than anybody waits", args: releases + "stuck --timeout 300ms --termination-wait 4m", status: 2, verdict: report.Error, outcome: report.RolledBack, line: "timeout"},
		good("its body is binary", "binary", "--expect-body binary", "binary"),
		good("its body doesn't end", "endless", "--expect-body endless", "endless"),
		{name: "the service says no revision, and that was asked for", args: releases + "one --proof header", status: 1, verdict: report.Failed, outcome: report.Refused, line: "no label"},
		good("and a plain one again", "one", "--expect-body one", "one"),
		{name: "the same again", args: releases + "one", verdict: report.Successful, outcome: report.Unchanged, line: "^Nothing was touched: .* goes on serving"},
		{name: "it is wrong already, and there is nothing to deploy", args: releases + "one --expect-body two", status: 1, verdict: report.Failed, outcome: report.Broken, line: "nothing to deploy, but what runs isn't right"},
	}
}
