package report_test

import (
	"fmt"

	"orgship/pipeline/report"
)

func ExampleLine() {
	e := report.Event{At: at(8.25), Source: report.FromStack, Subject: "GreenTaskSet", Type: "AWS::ECS::TaskSet", Status: "CREATE_COMPLETE"}
	fmt.Println(report.Line(e, start, report.Style{}))
	// Output: 12:00:08.250    +8.2s  stack    GreenTaskSet  CREATE_COMPLETE  AWS::ECS::TaskSet
}
