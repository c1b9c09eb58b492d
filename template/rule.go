package template

// Where the rules come from.
const (
	userGuide      = "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/"
	templateGuide  = "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/"
	roadmap        = "https://github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/"
	hookSyntax     = userGuide + "blue-green-hook-syntax.html"
	considerations = userGuide + "blue-green-considerations.html"
	overview       = userGuide + "about-blue-green-deployments.html"
	functions      = templateGuide + "intrinsic-function-reference.html"
	trivia         = "https://github.com/aws-samples/aws-reinvent-trivia-game/blob/a1dafe683f051183719dcd0019215348513f45ed/trivia-backend/infra/cdk/ecs-service-blue-green.ts"
)

// Rules returns all rules of the linter, by id.
func Rules() []Rule {
	return append(generalRules(), append(hookRules(), adviceRules()...)...)
}

func generalRules() []Rule {
	return []Rule{
		{"OS001", Refusal, "a name that leads nowhere", templateGuide + "intrinsic-function-reference-ref.html"},
		{"OS002", Refusal, "a condition that depends on more than parameters and mappings", templateGuide + "intrinsic-function-reference-conditions.html"},
		{"OS003", Refusal, "a condition that isn't declared", templateGuide + "intrinsic-function-reference-conditions.html"},
		{"OS004", Refusal, "a mapping that isn't declared", templateGuide + "intrinsic-function-reference-findinmap.html"},
		{"OS005", Refusal, "resources that need each other in a circle", userGuide + "troubleshooting.html"},
		{"OS006", Refusal, "a parameter of unknown type", userGuide + "parameters-section-structure.html"},
		{"OS007", Refusal, "an unknown attribute of a parameter", userGuide + "parameters-section-structure.html"},
		{"OS008", Refusal, "a null value", userGuide + "template-formats.html"},
		{"OS009", Refusal, "an unknown function", functions},
		{"OS010", Refusal, "a Fn::Sub whose ${ is not closed", templateGuide + "intrinsic-function-reference-sub.html"},
		{"OS011", Refusal, "CPU and memory that Fargate doesn't have together", "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html#fargate-tasks-size"},
	}
}

func hookRules() []Rule {
	return []Rule{
		{"OS101", Refusal, "the transform without the hook", overview},
		{"OS102", Refusal, "the hook without the transform (refused with the first release)", roadmap + "492"},
		{"OS103", Refusal, "Hooks that hold anything but one blue/green hook", hookSyntax},
		{"OS104", Refusal, "a hook that doesn't match its schema", roadmap + "821"},
		{"OS105", Refusal, "a function within Hooks", functions},
		{"OS106", Refusal, "an unknown traffic routing", hookSyntax},
		{"OS107", Refusal, "a traffic routing without its block", hookSyntax},
		{"OS108", Refusal, "the block of another traffic routing", "https://github.com/aws/aws-cdk/issues/10803"},
		{"OS109", Refusal, "a step percentage out of bounds", hookSyntax},
		{"OS110", Refusal, "a bake time out of bounds", "https://docs.aws.amazon.com/codedeploy/latest/userguide/limits.html"},
		{"OS111", Refusal, "a termination wait out of bounds", "https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_BlueInstanceTerminationOption.html"},
		{"OS112", Refusal, "not one application: a hook releases one ECS service", considerations},
		{"OS113", Refusal, "a pair that isn't two different logical ids", hookSyntax},
		{"OS114", Refusal, "a logical id that isn't in Resources or is of another type", roadmap + "1479"},
		{"OS115", Refusal, "a green resource in Resources", "https://github.com/aws-samples/aws-reinvent-trivia-game/tree/8198abe585f90263fad8748079d1dae9f7fc644b/trivia-backend/infra/codedeploy-blue-green-cfn"},
		{"OS116", Refusal, "a service whose deployment controller isn't EXTERNAL", userGuide + "blue-green-template-example.html"},
		{"OS117", Refusal, "a NoEcho parameter in the released resources (refused with a release)", considerations},
		{"OS118", Refusal, "a dynamic reference in the released resources", considerations},
		{"OS119", Refusal, "a nested stack", considerations},
		{"OS120", Refusal, "an imported value", considerations},
		{"OS121", Refusal, "an exported output", considerations},
		{"OS122", Refusal, "a module", roadmap + "1479"},
		{"OS123", Refusal, "a network load balancer with gradual traffic routing", roadmap + "37"},
	}
}

func adviceRules() []Rule {
	return []Rule{
		{"OS201", Warning, "AdditionalOptions inside TrafficRoutingConfig", hookSyntax},
		{"OS202", Warning, "an image that isn't written in the template", trivia},
		{"OS203", Warning, "an image that isn't pinned by its digest", "https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-tag-mutability.html"},
		{"OS204", Warning, "the placeholder instead of an image", overview},
		{"OS205", Warning, "a task set below 100 percent", "https://github.com/awsdocs/aws-cloudformation-user-guide/commit/b87e1d0f"},
		{"OS206", Warning, "a retired platform version", "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/platform-versions-retired.html"},
		{"OS207", Warning, "no primary task set", userGuide + "blue-green-template-example.html"},
		{"OS208", Warning, "a resource of the hook that depends on a condition", hookSyntax},
		{"OS209", Warning, "a listener rule that forwards to blue or green", overview},
		{"OS210", Warning, "a lifecycle function that CodeDeploy may not call", "https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSCodeDeployRoleForCloudFormation.html"},
		{"OS211", Warning, "a hidden parameter beside the hook", considerations},
		{"OS212", Warning, "no parameter Vpc of type AWS::EC2::VPC::Id", roadmap + "37"},
		{"OS213", Warning, "a template that is too long for a request", "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html"},
	}
}
