package ecs

import (
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// public reports whether the task has a public address.
func (r *run) public() bool { return r.set.network.AssignPublicIp == types.AssignPublicIpEnabled }

// unreachable is the failure of a task whose subnet has no way to what Fargate needs
// before it runs the image: no public address with an internet gateway, no NAT gateway
// and no endpoint.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/resource-initialization-error.html
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_cannot_pull_image.html
//
// Assumption A150: the texts are those that AWS documents, with a made-up address.
func (s *Service) unreachable(r *run) *failure {
	reaches := func(service string) bool {
		return s.cfg.Network.Reaches(r.set.service.account, r.subnet, r.public(), service)
	}
	for _, c := range r.containers {
		if f := s.outOfReach(c.def, reaches); f != nil {
			return f
		}
	}
	return nil
}

func (s *Service) outOfReach(c *types.ContainerDefinition, reaches func(service string) bool) *failure {
	ecr, err := s.cfg.Images.Check(*c.Image)
	if err != nil {
		return unstartable("CannotPullContainerError: %s", said(err))
	}
	const timeout = "dial tcp 10.0.0.1:443: i/o timeout"
	for _, secret := range c.Secrets {
		if from := store(*secret.ValueFrom); !reaches(from) {
			return unstartable("ResourceInitializationError: unable to pull secrets or registry auth: The task cannot retrieve secret %s: "+
				"There is a connection issue between the task and %s. Check your task network configuration. : %s", *secret.ValueFrom, from, timeout)
		}
	}
	switch {
	case ecr && !reaches("ecr.api"):
		return unstartable("ResourceInitializationError: unable to pull secrets or registry auth: The task cannot pull registry auth from Amazon ECR: "+
			"There is a connection issue between the task and Amazon ECR. Check your task network configuration. "+
			"operation error ECR: GetAuthorizationToken, exceeded maximum number of attempts, 3, https response error StatusCode: 0, RequestID: , "+
			"request send failed, Post \"https://api.ecr.%s.amazonaws.com/\": %s", s.cfg.Region, timeout)
	case c.LogConfiguration != nil && !reaches("logs"):
		return unstartable("ResourceInitializationError: failed to validate logger args: The task cannot find the Amazon CloudWatch log group defined in the task definition. " +
			"There is a connection issue between the task and Amazon CloudWatch. Check your network configuration. : signal: killed")
	case !reaches(map[bool]string{true: "ecr.dkr", false: "the internet"}[ecr]):
		return unstartable("CannotPullContainerError: The task cannot pull %s from the registry. There is a connection issue between the task and the registry. "+
			"Check your task network configuration. : failed to resolve ref: failed to do request: Head: %s", *c.Image, timeout)
	case ecr && !reaches("s3"):
		return unstartable("CannotPullContainerError: The task cannot pull %s from the registry. There is a connection issue between the task and the registry. "+
			"Check your task network configuration. : failed to copy: httpReadSeeker: failed open: failed to do request: Get \"https://prod-%s-starport-layer-bucket.s3.%s.amazonaws.com/\": %s",
			*c.Image, s.cfg.Region, s.cfg.Region, timeout)
	}
	return nil
}
