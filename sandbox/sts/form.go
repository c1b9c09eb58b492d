package sts

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"orgship/sandbox/wire"
)

// The limits of https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
const (
	defaultSeconds = 3600
	minSeconds     = 900
	maxSeconds     = 43200
)

func seconds(given *int32) int32 {
	if given == nil {
		return defaultSeconds
	}
	return *given
}

var (
	sessionName = regexp.MustCompile(`^[\w+=,.@-]*$`)
	externalID  = regexp.MustCompile(`^[\w+=,.@:/-]*$`)
	roleARN     = regexp.MustCompile(`^arn:aws:iam::\d{12}:role/[!-~]+$`)
)

// form looks at the form of the members and reports all that is wrong, as the
// Query services do.
type form struct{ faults []string }

func (f *form) fault(member, value, constraint string) {
	f.faults = append(f.faults, fmt.Sprintf("Value '%s' at '%s' failed to satisfy constraint: %s", value, member, constraint))
}

// role checks what every AssumeRole… takes.
func (f *form) role(arn, name *string, duration *int32) {
	f.length("roleArn", aws.ToString(arn), 20, 2048)
	f.length("roleSessionName", aws.ToString(name), 2, 64)
	f.pattern("roleSessionName", aws.ToString(name), sessionName, `[\w+=,.@-]*`)
	if d := seconds(duration); d < minSeconds {
		f.fault("durationSeconds", fmt.Sprint(d), fmt.Sprint("Member must have value greater than or equal to ", minSeconds))
	} else if d > maxSeconds {
		f.fault("durationSeconds", fmt.Sprint(d), fmt.Sprint("Member must have value less than or equal to ", maxSeconds))
	}
}

func (f *form) length(member, value string, least, most int) {
	if len(value) < least {
		f.fault(member, value, fmt.Sprint("Member must have length greater than or equal to ", least))
	}
	if len(value) > most {
		f.fault(member, value, fmt.Sprint("Member must have length less than or equal to ", most))
	}
}

func (f *form) pattern(member, value string, want *regexp.Regexp, shown string) {
	if !want.MatchString(value) {
		f.fault(member, value, "Member must satisfy regular expression pattern: "+shown)
	}
}

// err returns the faults; without any, an ARN that is no role's is one.
func (f *form) err(arn *string) error {
	switch {
	case len(f.faults) == 1:
		return wire.Errorf("ValidationError", "1 validation error detected: %s", f.faults[0])
	case len(f.faults) > 1:
		return wire.Errorf("ValidationError", "%d validation errors detected: %s", len(f.faults), strings.Join(f.faults, "; "))
	case !roleARN.MatchString(aws.ToString(arn)):
		return wire.Errorf("ValidationError", "%s is invalid", aws.ToString(arn))
	}
	return nil
}
