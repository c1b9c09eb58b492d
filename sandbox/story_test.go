package sandbox_test

import (
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	cfn "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/ecr"

	"orgship/dockerfiles"
	"orgship/sandbox"
	"orgship/template"
)

// TestStory is the whole job, with the clients that everybody uses: the
// repository is shared with an OU, blue is deployed in an account of it, green
// is released without a lost request, and after deleting nothing is left.
func TestStory(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sandbox.Options{})
	w.needsTasks()
	w.share()
	blue, green := w.push(dockerfiles.Blue(), "1"), w.push(dockerfiles.Green(), "2")
	stacks := w.stacks("dev-1")
	routing := template.TrafficRouting{Type: "AllAtOnce"}

	must(stacks.CreateStack(w.ctx, &cloudformation.CreateStackInput{
		StackName: aws.String("hello"), TemplateBody: w.service(blue, routing), Parameters: w.place("dev-1"),
		Capabilities: []cfn.Capability{cfn.CapabilityCapabilityIam, cfn.CapabilityCapabilityAutoExpand},
	}))(t)
	created := w.wantStatus("dev-1", "hello", cfn.StackStatusCreateComplete)
	url := "http://" + balancer(t, created) + "/"
	if body := must(get(url))(t); body != "Hello World! (Blue)" {
		t.Errorf("after the deployment: %q", body)
	}

	answers := w.askWhile(url, func() {
		must(stacks.UpdateStack(w.ctx, &cloudformation.UpdateStackInput{
			StackName: aws.String("hello"), TemplateBody: w.service(green, routing), Parameters: w.place("dev-1"),
			Capabilities: []cfn.Capability{cfn.CapabilityCapabilityIam, cfn.CapabilityCapabilityAutoExpand},
		}))(t)
		w.wantStatus("dev-1", "hello", cfn.StackStatusUpdateComplete)
	})
	if answers["Hello World! (Blue)"] == 0 || answers["Hello World! (Green)"] == 0 || len(answers) != 2 {
		t.Errorf("answers during the release: %v", answers)
	}
	if body := must(get(url))(t); body != "Hello World! (Green)" {
		t.Errorf("after the release: %q", body)
	}

	w.remove("dev-1", "hello")
	if _, err := get(url); err == nil {
		t.Error("something still answers after the stack is deleted")
	}
	w.emptyRepository()
	w.remove("shared-services", "repository")
	if left := must(w.State(w.ctx))(t); len(left) > 0 {
		t.Errorf("left after deleting all stacks:\n%s", left)
	}
}

// askers is how many clients ask at once.
const askers = 4

// askWhile asks url over and over while work goes on, and counts what is
// answered; an error counts as an answer of its own.
func (w *world) askWhile(url string, work func()) map[string]int {
	w.t.Helper()
	done := make(chan struct{})
	answers := map[string]int{}
	var mu sync.Mutex
	ask := func() {
		body, err := get(url)
		if err != nil {
			body = err.Error()
		}
		mu.Lock()
		defer mu.Unlock()
		answers[body]++
	}
	var asking sync.WaitGroup
	for range askers {
		asking.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
					ask()
				}
			}
		})
	}
	func() {
		defer asking.Wait()
		defer close(done)
		work()
	}()
	return answers
}

// remove deletes a stack and waits until it is gone.
func (w *world) remove(account, stack string) {
	w.t.Helper()
	described := must(w.stacks(account).DescribeStacks(w.ctx, &cloudformation.DescribeStacksInput{StackName: &stack}))(w.t)
	must(w.stacks(account).DeleteStack(w.ctx, &cloudformation.DeleteStackInput{StackName: &stack}))(w.t)
	// A deleted stack is known by its id only.
	w.wantStatus(account, *described.Stacks[0].StackId, cfn.StackStatusDeleteComplete)
}

// emptyRepository deletes all images, without which a repository can't be deleted.
func (w *world) emptyRepository() {
	w.t.Helper()
	client := ecr.NewFromConfig(w.config("shared-services"))
	listed := must(client.ListImages(w.ctx, &ecr.ListImagesInput{RepositoryName: aws.String(repository)}))(w.t)
	must(client.BatchDeleteImage(w.ctx, &ecr.BatchDeleteImageInput{RepositoryName: aws.String(repository), ImageIds: listed.ImageIds}))(w.t)
}
