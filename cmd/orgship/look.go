package main

// lookAround says how to look at what the story left.
func (d *demo) lookAround() {
	dev, _ := d.box.Account(storyDev)
	info := d.box.Info()
	d.line("")
	d.line(d.paint(bold, "The sandbox stays up, with the released service. Paste this into another shell to be the administrator of "+storyDev+":"))
	d.line("")
	d.line("  unset AWS_PROFILE AWS_SESSION_TOKEN")
	d.line("  export AWS_ENDPOINT_URL=" + info.Endpoint + " AWS_REGION=" + info.Region + " AWS_DEFAULT_REGION=" + info.Region)
	d.line("  export AWS_ACCESS_KEY_ID=" + dev.AccessKeyID + " AWS_SECRET_ACCESS_KEY=" + dev.SecretAccessKey)
	d.line("")
	for _, command := range []string{
		"curl -i " + d.url,
		"aws cloudformation describe-stack-events --stack-name " + storyStack + " --query 'StackEvents[].[Timestamp,LogicalResourceId,ResourceStatus]' --output text",
		"aws deploy list-deployments",
		"aws ecs list-task-definitions",
		"aws elbv2 describe-target-groups --query 'TargetGroups[].TargetGroupArn'",
		"aws logs describe-log-groups",
		"aws ecr describe-images --registry-id " + d.owner() + " --repository-name " + d.repositoryName() + " --query 'imageDetails[].[imageTags[0],imageDigest]' --output text",
	} {
		d.line("  " + command)
	}
	d.line("")
	d.line("Ctrl-C ends it and everything in it.")
}

// owner is the account that owns the repository.
func (d *demo) owner() string {
	shared, _ := d.box.Account(storyShared)
	return shared.ID
}
