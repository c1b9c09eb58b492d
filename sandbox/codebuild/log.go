package codebuild

import (
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/codebuild/types"

	"orgship/sandbox/logs"
	"orgship/sandbox/wire"
)

// cloudWatch is a project's setting: on when it says nothing.
func cloudWatch(c *types.LogsConfig) *types.CloudWatchLogsConfig {
	if c == nil || c.CloudWatchLogs == nil {
		return &types.CloudWatchLogsConfig{Status: types.LogsConfigStatusTypeEnabled}
	}
	return c.CloudWatchLogs
}

// openLog makes the build's log stream, and its group when it isn't there, as
// the service role.
//
// Assumption A97: a role that may not do that, or may not write to it, fails the
// build in PROVISIONING with ACCESS_DENIED; AWS's text is known, the phase isn't
// documented.
func (s *Service) openLog(r *run) *failure {
	b, config := r.build, cloudWatch(r.build.logs)
	r.log = nowhere{}
	if config.Status != types.LogsConfigStatusTypeDisabled {
		group, stream := value(config.GroupName), b.uuid
		if group == "" {
			group = "/aws/codebuild/" + *b.ProjectName
		}
		if prefix := value(config.StreamName); prefix != "" {
			stream = prefix + "/" + stream
		}
		if err := s.makeStream(r, group, stream); err != nil {
			return &failure{types.StatusTypeFailed, "ACCESS_DENIED", fmt.Sprintf("Service role %s does not allow AWS CodeBuild to create "+
				"Amazon CloudWatch Logs log streams for build %s. Error message: %s", *b.ServiceRole, *b.Arn, said(err))}
		}
		r.stream, r.log = stream, s.cfg.Logs.Writer(r.session, group, stream)
		s.change(func() { b.Logs = s.location(b.account, group, stream, config) })
	}
	var err error
	if r.output, err = newOutput(r.log); err != nil {
		return &failure{types.StatusTypeFault, "INTERNAL_SERVICE_ERROR", err.Error()}
	}
	return nil
}

func (s *Service) makeStream(r *run, group, stream string) error {
	in := &logs.CreateLogStreamInput{LogGroupName: &group, LogStreamName: &stream}
	_, err := s.cfg.Logs.CreateLogStream(r.session, in)
	var answered *wire.Error
	if errors.As(err, &answered) && answered.Code == "ResourceNotFoundException" {
		_, err = s.cfg.Logs.CreateLogGroup(r.session, &logs.CreateLogGroupInput{LogGroupName: &group})
		if errors.As(err, &answered) && answered.Code == "ResourceAlreadyExistsException" || err == nil {
			_, err = s.cfg.Logs.CreateLogStream(r.session, in)
		}
	}
	if err != nil {
		return err
	}
	return s.cfg.Auth.Authorize(r.session, "logs:PutLogEvents", s.streamARN(r.build.account, group, stream))
}

func (s *Service) streamARN(account, group, stream string) string {
	return "arn:aws:logs:" + s.cfg.Region + ":" + account + ":log-group:" + group + ":log-stream:" + stream
}

func (s *Service) location(account, group, stream string, config *types.CloudWatchLogsConfig) *types.LogsLocation {
	return &types.LogsLocation{
		CloudWatchLogs: config, GroupName: &group, StreamName: &stream, CloudWatchLogsArn: new(s.streamARN(account, group, stream)),
		DeepLink: new(fmt.Sprintf("https://console.aws.amazon.com/cloudwatch/home?region=%s#logEvent:group=%s;stream=%s",
			s.cfg.Region, url.QueryEscape(group), url.QueryEscape(stream))),
	}
}

type nowhere struct{}

func (nowhere) Write(p []byte) (int, error) { return len(p), nil }
func (nowhere) Close() error                { return nil }

// say writes a line of CodeBuild's own to the log.
func (r *run) say(format string, args ...any) {
	if r.output != nil {
		r.output.line("[Container] " + time.Now().UTC().Format("2006/01/02 15:04:05.000000") + " " + fmt.Sprintf(format, args...))
	}
}

// said is what another service answered, in the form of this one.
func said(err error) string {
	var answered *wire.Error
	if errors.As(err, &answered) {
		return answered.Message
	}
	return err.Error()
}
