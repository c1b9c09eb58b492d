package stack_test

import (
	"fmt"

	"orgship/pipeline/stack"
)

func ExampleRootCause() {
	events := []stack.Event{
		{LogicalID: "LogGroup", Type: "AWS::Logs::LogGroup", Status: "CREATE_FAILED", Reason: "Resource creation cancelled"},
		{LogicalID: "TaskSet", Type: "AWS::ECS::TaskSet", Status: "CREATE_FAILED", Reason: "the image can't be pulled"},
		{LogicalID: "demo", Type: "AWS::CloudFormation::Stack", Status: "ROLLBACK_IN_PROGRESS"},
	}
	if cause, ok := stack.RootCause(events); ok {
		fmt.Println(cause.LogicalID+":", cause.Why())
	}
	// Output: TaskSet: the image can't be pulled
}
