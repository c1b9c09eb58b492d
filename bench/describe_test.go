package bench

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	cfn "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/smithy-go"
)

const (
	describeFor   = 4 * time.Second
	describeAlike = 8 // requests at once
)

// described is a stack that both servers can make.
const described = `
AWSTemplateFormatVersion: "2010-09-09"
Description: Two log groups and a role
Parameters:
  Name: {Type: String, Default: hello}
  Days: {Type: Number, Default: 7}
Resources:
  First: {Type: AWS::Logs::LogGroup, Properties: {LogGroupName: !Sub "${Name}-first", RetentionInDays: !Ref Days}}
  Second: {Type: AWS::Logs::LogGroup, Properties: {LogGroupName: !Sub "${Name}-second", RetentionInDays: !Ref Days}}
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement: [{Effect: Allow, Principal: {Service: ecs-tasks.amazonaws.com}, Action: sts:AssumeRole}]
Outputs:
  First: {Value: !Ref First}
  Role: {Value: !GetAtt Role.Arn}
`

// BenchmarkDescribeStacks asks a sandbox and moto_server, each in a process of
// its own, for the same stack, eight requests at once, with the same client.
func BenchmarkDescribeStacks(b *testing.B) {
	info := served(b)
	dev := info.Accounts[1]
	targets := []target{{"sandbox", describing(info.Endpoint, info.Region, dev.AccessKeyID, dev.SecretAccessKey)}}
	forged := describing(info.Endpoint, info.Region, dev.AccessKeyID, "not the secret")
	if path, there := peer(b, "moto_server"); there {
		endpoint := moto(b, info, path)
		targets = append(targets, target{"moto_server", describing(endpoint, info.Region, dev.AccessKeyID, dev.SecretAccessKey)})
	}
	for _, t := range targets {
		create(b, t.client)
	}
	var api smithy.APIError
	if _, err := forged.DescribeStacks(b.Context(), &cloudformation.DescribeStacksInput{StackName: aws.String("described")}); !errors.As(err, &api) || api.ErrorCode() != "SignatureDoesNotMatch" {
		b.Fatalf("a forged signature gave %v", err)
	}
	rates := make([]float64, len(targets))
	for b.Loop() {
		for i, t := range targets {
			rates[i] = t.rate(b)
		}
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(rates[0], "sandbox-calls/s")
	r := row{what: fmt.Sprintf("DescribeStacks, %d at once", describeAlike), ours: fmt.Sprintf("%.0f a second, signatures checked", rates[0])}
	if len(rates) > 1 {
		b.ReportMetric(rates[1], "moto-calls/s")
		r.peer = fmt.Sprintf("moto_server: %.0f a second, signatures not checked", rates[1])
	}
	results.add(r)
}

// target is a server to ask.
type target struct {
	name   string
	client *cloudformation.Client
}

func describing(endpoint, region, key, secret string) *cloudformation.Client {
	return cloudformation.New(cloudformation.Options{
		Region: region, BaseEndpoint: &endpoint, Credentials: credentials.NewStaticCredentialsProvider(key, secret, ""),
		Retryer:    aws.NopRetryer{},
		HTTPClient: &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: describeAlike}},
	})
}

// create makes the stack and waits until it is there.
func create(b *testing.B, client *cloudformation.Client) {
	b.Helper()
	name := aws.String("described")
	_, err := client.CreateStack(b.Context(), &cloudformation.CreateStackInput{
		StackName: name, TemplateBody: aws.String(described), Capabilities: []cfn.Capability{cfn.CapabilityCapabilityIam},
		Tags: []cfn.Tag{{Key: aws.String("team"), Value: aws.String("a")}},
	})
	if err != nil {
		b.Fatal(err)
	}
	waiter := cloudformation.NewStackCreateCompleteWaiter(client, func(o *cloudformation.StackCreateCompleteWaiterOptions) {
		o.MinDelay, o.MaxDelay = 50*time.Millisecond, 100*time.Millisecond
	})
	if err := waiter.Wait(b.Context(), &cloudformation.DescribeStacksInput{StackName: name}, 30*time.Second); err != nil {
		b.Fatal(err)
	}
}

// rate asks for a while and returns how many answers came a second.
func (t target) rate(b *testing.B) float64 {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.Context(), describeFor)
	defer cancel()
	var answers atomic.Int64
	var failure atomic.Value
	var asking sync.WaitGroup
	begin := time.Now()
	for range describeAlike {
		asking.Go(func() {
			for ctx.Err() == nil {
				out, err := t.client.DescribeStacks(ctx, &cloudformation.DescribeStacksInput{StackName: aws.String("described")})
				switch {
				case ctx.Err() != nil:
				case err != nil:
					failure.Store(err)
					cancel()
				case len(out.Stacks) != 1 || len(out.Stacks[0].Outputs) != 2 || len(out.Stacks[0].Parameters) != 2 || len(out.Stacks[0].Tags) != 1:
					failure.Store(fmt.Errorf("answered with %d stacks", len(out.Stacks)))
					cancel()
				default:
					answers.Add(1)
				}
			}
		})
	}
	asking.Wait()
	if err := failure.Load(); err != nil {
		b.Fatalf("asking %s: %v", t.name, err)
	}
	return float64(answers.Load()) / time.Since(begin).Seconds()
}
