package ecs

import (
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"orgship/sandbox/wire"
)

// The codes are those of the API reference, "Errors" of each operation; texts
// are AWS's where one is known.

func clientError(format string, args ...any) error {
	return wire.Errorf("ClientException", format, args...)
}

func invalid(format string, args ...any) error {
	return wire.Errorf("InvalidParameterException", format, args...)
}

func clusterNotFound() error {
	return wire.Errorf("ClusterNotFoundException", "Cluster not found.")
}

func serviceNotFound() error {
	return wire.Errorf("ServiceNotFoundException", "Service not found.")
}

func serviceNotActive() error {
	return wire.Errorf("ServiceNotActiveException", "Service was not ACTIVE.")
}

func taskSetNotFound() error {
	return wire.Errorf("TaskSetNotFoundException", "The specified task set does not exist.")
}

// missing is how describe operations answer for what isn't there.
func missing(arn string) types.Failure {
	return types.Failure{Arn: &arn, Reason: new("MISSING")}
}

// A failure is why a task stopped without having been asked to.
type failure struct {
	code   types.TaskStopCode
	reason string
}

func (f *failure) Error() string { return f.reason }

// unstartable is a failure of a task that never ran.
func unstartable(format string, args ...any) *failure {
	return &failure{code: types.TaskStopCodeTaskFailedToStart, reason: fmt.Sprintf(format, args...)}
}

// absent refuses a request without members that it needs.
func absent(names []string) *wire.Error {
	return wire.Errorf("InvalidParameterException", "%s%s can not be null.", strings.ToUpper(names[0][:1]), names[0][1:])
}
