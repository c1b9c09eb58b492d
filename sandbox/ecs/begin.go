package ecs

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"orgship/sandbox/ec2"
	"orgship/sandbox/logs"
	"orgship/sandbox/task"
	"orgship/sandbox/wire"
)

// begin brings a task up to its running entrypoint.
func (s *Service) begin(ctx context.Context, r *run) *failure {
	session := ctx
	if name := value(r.set.definition.ExecutionRoleArn); name != "" {
		var err error
		role := roleARN(r.set.service.account, name)
		if session, err = s.cfg.Roles.ServiceSession(ctx, role, tasksPrincipal, r.id); err != nil {
			return s.unassumable(r, role)
		}
	}
	s.change(r, func() {
		r.hidden = false
		s.saySet(r.set, "has started 1 tasks: (task %s).", r.id)
	})
	if err := s.attach(ctx, r); err != nil {
		return unstartable("Unexpected EC2 error while attempting to Create Network Interface in subnet '%s': %s", r.subnet, said(err))
	}
	s.change(r, func() { r.last, r.pullStarted = lastPending, s.cfg.Clock.Now() })
	if f := s.unreachable(r); f != nil {
		return f
	}
	f := s.specify(session, r)
	if f == nil {
		f = s.start(ctx, r)
	}
	for _, c := range r.containers {
		if c.task == nil && c.output != nil {
			_ = c.output.Close()
		}
	}
	return f
}

// unassumable says that no task could be made, as AWS does in an event.
func (s *Service) unassumable(r *run, role string) *failure {
	f := &failure{reason: fmt.Sprintf("ECS was unable to assume the role '%s' that was provided for this task. Please verify that the role being passed "+
		"has the proper trust relationship and permissions and that your IAM user has permissions to pass this role.", role)}
	s.change(r, func() {
		s.saySet(r.set, "failed to launch a task with (error %s).", strings.TrimSuffix(f.reason, "."))
	})
	return f
}

// attach gives the task its network interface.
func (s *Service) attach(ctx context.Context, r *run) error {
	eni, err := s.cfg.Network.Attach(ctx, ec2.Interface{
		Account: r.set.service.account, SubnetID: r.subnet, SecurityGroups: r.set.network.SecurityGroups, Public: r.public(),
		Dial: func(ctx context.Context, port int) (net.Conn, error) { return s.dial(ctx, r, port) },
	})
	if err != nil {
		return err
	}
	s.change(r, func() { r.eni = eni })
	return nil
}

// dial connects to a task, which answers nothing while it isn't there and, by
// order, while it is.
func (s *Service) dial(ctx context.Context, r *run, port int) (net.Conn, error) {
	s.mu.Lock()
	to, silent := r.answers(port), false
	for _, c := range r.containers {
		silent = silent || s.unhealthy != nil && s.unhealthy(*c.def.Image)
	}
	s.mu.Unlock()
	if silent {
		select {
		case <-ctx.Done():
		case <-r.ending:
		}
	}
	if to == nil || silent {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: os.ErrDeadlineExceeded}
	}
	return to.Dial(ctx, port)
}

// specify finds out what the containers are to run, with all that the execution role is
// asked for.
func (s *Service) specify(session context.Context, r *run) *failure {
	ip, err := netip.ParseAddr(r.eni.PrivateIP)
	if err != nil {
		return unstartable("reading the address of %s: %v", r.eni.ID, err)
	}
	for _, c := range r.containers {
		if f := s.secrets(session, c); f != nil {
			return f
		}
	}
	for _, c := range r.containers {
		if f := s.spec(session, r, c); f != nil {
			return f
		}
		c.spec.IP = ip
	}
	return nil
}

// spec is what a container is to run.
func (s *Service) spec(session context.Context, r *run, c *container) *failure {
	d := c.def
	image, err := s.cfg.Images.Resolve(session, *d.Image)
	if err != nil {
		return unstartable("CannotPullContainerError: %s", said(err))
	}
	var username, password string
	if image.ECR {
		if username, password, err = s.credentials(session); err != nil {
			return unstartable("ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: "+
				"unable to retrieve ecr registry auth: %s", said(err))
		}
	}
	if c.output, err = s.output(session, r, d); err != nil {
		return unstartable("ResourceInitializationError: failed to validate logger args: failed to create Cloudwatch log stream: %s", said(err))
	}
	c.spec = task.Spec{
		ID: r.id, Image: image.Reference, Secure: image.Secure, Username: username, Password: password, EntryPoint: d.EntryPoint, Command: d.Command,
		WorkingDir: value(d.WorkingDirectory), User: value(d.User), Env: append(s.environment(d), c.secrets...),
		ReadOnlyRoot: value(d.ReadonlyRootFilesystem),
		Hostname:     s.hostname(r.eni.PrivateIP), Stdout: c.output, Stderr: c.output,
	}
	if len(r.containers) > 1 {
		c.spec.ID += "-" + c.id
	}
	for _, m := range d.MountPoints {
		c.spec.Mounts = append(c.spec.Mounts, task.Mount{Volume: value(m.SourceVolume), Path: value(m.ContainerPath), ReadOnly: value(m.ReadOnly)})
	}
	return nil
}

// hostname is a task's name in the awsvpc network mode.
func (s *Service) hostname(ip string) string {
	return "ip-" + strings.ReplaceAll(ip, ".", "-") + "." + s.cfg.Region + ".compute.internal"
}

// environment is the container's, and what Fargate adds. The metadata endpoint
// is not modelled, so that its address is not told.
func (s *Service) environment(c *types.ContainerDefinition) []string {
	env := []string{"AWS_DEFAULT_REGION=" + s.cfg.Region, "AWS_REGION=" + s.cfg.Region, "AWS_EXECUTION_ENV=AWS_ECS_FARGATE"}
	for _, e := range c.Environment {
		env = append(env, value(e.Name)+"="+value(e.Value))
	}
	return env
}

// credentials are those for the registry, of the execution role.
func (s *Service) credentials(session context.Context) (username, password string, err error) {
	out, err := s.cfg.Logins.GetAuthorizationToken(session, &ecr.GetAuthorizationTokenInput{})
	if err != nil {
		return "", "", err
	}
	if len(out.AuthorizationData) == 0 {
		return "", "", errors.New("no authorization data")
	}
	token, err := base64.StdEncoding.DecodeString(value(out.AuthorizationData[0].AuthorizationToken))
	if err != nil {
		return "", "", errors.New("the authorization token is not base64")
	}
	username, password, _ = strings.Cut(string(token), ":")
	return username, password, nil
}

// output takes what the container writes: to its log stream, or nowhere.
func (s *Service) output(session context.Context, r *run, c *types.ContainerDefinition) (io.WriteCloser, error) {
	if c.LogConfiguration == nil {
		return nowhere{}, nil
	}
	group := c.LogConfiguration.Options[logGroup]
	stream := c.LogConfiguration.Options[logPrefix] + "/" + *c.Name + "/" + r.id
	if c.LogConfiguration.Options[logCreate] == "true" {
		_, err := s.cfg.Logs.CreateLogGroup(session, &logs.CreateLogGroupInput{LogGroupName: &group})
		if err != nil && wireCode(err) != "ResourceAlreadyExistsException" {
			return nil, err
		}
	}
	if _, err := s.cfg.Logs.CreateLogStream(session, &logs.CreateLogStreamInput{LogGroupName: &group, LogStreamName: &stream}); err != nil {
		return nil, err
	}
	return quiet{s.cfg.Logs.Writer(session, group, stream)}, nil
}

type nowhere struct{}

func (nowhere) Write(p []byte) (int, error) { return len(p), nil }
func (nowhere) Close() error                { return nil }

// quiet is a log that a container goes on writing to when its group is gone.
type quiet struct{ io.WriteCloser }

func (q quiet) Write(p []byte) (int, error) {
	_, _ = q.WriteCloser.Write(p)
	return len(p), nil
}

// unstarted turns a runtime's error into ECS's words.
//
// Assumption A67: ECS puts the registry's words behind "CannotPullContainerError:
// failed to resolve ref", and the runtime's behind "CannotStartContainerError";
// the rest of its texts differs by platform version.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_cannot_pull_image.html
func (c *container) unstarted(err error) *failure {
	var pull *task.PullError
	if errors.As(err, &pull) {
		return unstartable("CannotPullContainerError: failed to resolve ref %s: %s", *c.def.Image, pull.Reason)
	}
	var entrypoint *task.EntrypointError
	if errors.As(err, &entrypoint) {
		return unstartable("CannotStartContainerError: ResourceInitializationError: failed to create new container runtime task: "+
			"unable to start container process: exec: %q: %s", entrypoint.Entrypoint, entrypoint.Reason)
	}
	var hint interface{ Hint() string }
	if errors.As(err, &hint) {
		return unstartable("CannotCreateContainerError: %v; %s", err, hint.Hint())
	}
	return unstartable("CannotCreateContainerError: %v", err)
}

// said is what another service answered: its code, as services of JSON write it, and
// its words.
func said(err error) string {
	var answered *wire.Error
	switch {
	case !errors.As(err, &answered):
		return err.Error()
	case answered.Code == "AccessDenied":
		return answered.Code + "Exception: " + answered.Message
	}
	return answered.Error()
}

func wireCode(err error) string {
	var answered *wire.Error
	if errors.As(err, &answered) {
		return answered.Code
	}
	return ""
}
