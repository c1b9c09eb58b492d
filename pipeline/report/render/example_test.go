package render_test

import (
	"fmt"

	"orgship/pipeline/report"
	"orgship/pipeline/report/render"
)

func ExampleLine() {
	e := report.Event{At: at(8.25), Source: report.FromStack, Subject: "GreenTaskSet", Type: "AWS::ECS::TaskSet", Status: "CREATE_COMPLETE"}
	fmt.Println(render.Line(e, start, render.Style{}))
	// Output: 12:00:08.250    +8.2s  stack    GreenTaskSet  CREATE_COMPLETE  AWS::ECS::TaskSet
}
