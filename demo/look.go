package demo

// Look says how to look at what the story left: it is for Options.Keep, and for
// as long as the sandbox isn't closed. It shows an access key of the sandbox.
func (s *Story) Look() {
	dev, _ := s.box.Account(storyDev)
	info := s.box.Info()
	s.line("")
	s.line(s.paint(bold, "The sandbox stays up, with the released service. Paste this into another shell to be the administrator of "+storyDev+":"))
	s.line("")
	s.line("  unset AWS_PROFILE AWS_SESSION_TOKEN")
	s.line("  export AWS_ENDPOINT_URL=" + info.Endpoint + " AWS_REGION=" + info.Region + " AWS_DEFAULT_REGION=" + info.Region)
	s.line("  export AWS_ACCESS_KEY_ID=" + dev.AccessKeyID + " AWS_SECRET_ACCESS_KEY=" + dev.SecretAccessKey)
	s.line("")
	for _, command := range []string{
		"curl -i " + s.url,
		"aws cloudformation describe-stack-events --stack-name " + storyStack + " --query 'StackEvents[].[Timestamp,LogicalResourceId,ResourceStatus]' --output text",
		"aws deploy list-deployments",
		"aws ecs list-task-definitions",
		"aws elbv2 describe-target-groups --query 'TargetGroups[].TargetGroupArn'",
		"aws logs describe-log-groups",
		"aws ecr describe-images --registry-id " + s.owner() + " --repository-name " + s.repositoryName() + " --query 'imageDetails[].[imageTags[0],imageDigest]' --output text",
	} {
		s.line("  " + command)
	}
	s.line("")
	s.line("Ctrl-C ends it and everything in it.")
}

// owner is the account that owns the repository.
func (s *Story) owner() string {
	shared, _ := s.box.Account(storyShared)
	return shared.ID
}
