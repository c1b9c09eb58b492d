package template_test

import (
	"fmt"

	"orgship/template"
)

func Example() {
	src := []byte(`
Resources:
  App:
    Type: AWS::ECS::TaskDefinition
    Properties:
      ContainerDefinitions:
        - Name: app
          Image: !Ref Image # by parameter
`)
	parsed, err := template.Parse(src)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, f := range template.Lint(parsed) {
		fmt.Printf("%d:%d %s %s\n", f.Line, f.Column, f.Rule, f.Message)
	}
	out, err := template.Render(src, template.Changes{Image: "repository@sha256:1f0a", Memory: 512})
	fmt.Print(string(out), err)
	// Output:
	// 8:18 OS001 Unresolved resource dependencies [Image] in the Resources block of the template
	//
	// Resources:
	//   App:
	//     Type: AWS::ECS::TaskDefinition
	//     Properties:
	//       ContainerDefinitions:
	//         - Name: app
	//           Image: repository@sha256:1f0a # by parameter
	//       Memory: "512"
	// <nil>
}
