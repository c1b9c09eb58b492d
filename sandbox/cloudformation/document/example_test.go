package document_test

import (
	"fmt"

	"orgship/sandbox/cloudformation/document"
)

func ExampleResolver() {
	parsed, err := document.Parse(`
Parameters:
  Name: {Type: String, Default: app}
Resources:
  Cluster: {Type: AWS::ECS::Cluster}
  Service:
    Type: AWS::ECS::Service
    Properties:
      Cluster: !Ref Cluster
      ServiceName: !Sub ${AWS::StackName}-${Name}
`)
	if err != nil {
		fmt.Println(err)
		return
	}
	values, _ := document.Parameters(parsed, nil, nil)
	known := map[string]string{"Cluster": "web-Cluster-1"}
	resolver, _ := document.NewResolver(parsed, document.Environment{StackName: "web"}, values, func(id, _ string) (any, error) {
		return known[id], nil
	})
	properties, _ := resolver.Properties("Service")
	fmt.Println(properties["Cluster"], properties["ServiceName"])
	// Output: web-Cluster-1 web-app
}
