package cloudformation

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	cfn "github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"orgship/sandbox/cloudformation/document"
	"orgship/sandbox/wire"
	"orgship/template"
)

// GetTemplate returns the template of a stack or of a change set: as submitted,
// or as the transform made it, in JSON.
func (s *Service) GetTemplate(ctx context.Context, in *cfn.GetTemplateInput) (*cfn.GetTemplateOutput, error) {
	if err := s.authorizeChangeSet(ctx, "GetTemplate", in.StackName, in.ChangeSetName); err != nil {
		return nil, err
	}
	if err := notEmpty(in.StackName); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	g, err := s.goalOf(ctx, in)
	if err != nil {
		return nil, err
	}
	out := &cfn.GetTemplateOutput{StagesAvailable: []types.TemplateStage{types.TemplateStageOriginal}, TemplateBody: aws.String(g.original)}
	if g.processed == nil {
		if in.TemplateStage == types.TemplateStageProcessed {
			return nil, invalid("Template stage Processed is not available")
		}
		return out, nil
	}
	out.StagesAvailable = append(out.StagesAvailable, types.TemplateStageProcessed)
	if in.TemplateStage == types.TemplateStageProcessed && g.processed != g.submitted {
		out.TemplateBody = aws.String(string(g.processed.JSON()))
	}
	return out, nil
}

func (s *Service) goalOf(ctx context.Context, in *cfn.GetTemplateInput) (*goal, error) {
	if in.ChangeSetName != nil {
		_, cs, err := s.changeSet(ctx, in.StackName, in.ChangeSetName)
		if err != nil {
			return nil, err
		}
		return cs.goal, nil
	}
	name := aws.ToString(in.StackName)
	st := s.find(ctx, name)
	if st == nil || st.current == nil {
		return nil, notThere(name)
	}
	return st.current, nil
}

// ValidateTemplate checks a template and says what it needs.
func (s *Service) ValidateTemplate(ctx context.Context, in *cfn.ValidateTemplateInput) (*cfn.ValidateTemplateOutput, error) {
	if err := s.authorize(ctx, "ValidateTemplate", ""); err != nil {
		return nil, err
	}
	t, err := s.checked(ctx, in.TemplateBody, in.TemplateURL)
	if err != nil {
		return nil, err
	}
	out := &cfn.ValidateTemplateOutput{Description: aws.String(t.Description()), DeclaredTransforms: t.Transforms()}
	if needed, reason := s.capabilities(t); len(needed) > 0 {
		out.Capabilities, out.CapabilitiesReason = needed, &reason
	}
	for _, p := range document.Declarations(t) {
		out.Parameters = append(out.Parameters, types.TemplateParameter{
			ParameterKey: p.ParameterKey, DefaultValue: p.DefaultValue, Description: p.Description, NoEcho: p.NoEcho,
		})
	}
	return out, nil
}

// checked parses a template and checks what can be checked without values.
func (s *Service) checked(ctx context.Context, body, url *string) (*template.Template, error) {
	text, err := s.template(ctx, request{body: body, url: url})
	if err != nil {
		return nil, err
	}
	t, err := document.Parse(text)
	if err != nil {
		return nil, err
	}
	if err := document.Check(t, s.types); err != nil {
		return nil, err
	}
	return t, document.Refuse(document.Certain(document.Gaps(t, s.types))...)
}

// GetTemplateSummary tells of the template of a stack, or of one given.
func (s *Service) GetTemplateSummary(ctx context.Context, in *cfn.GetTemplateSummaryInput) (*cfn.GetTemplateSummaryOutput, error) {
	name := aws.ToString(in.StackName)
	if err := s.authorize(ctx, "GetTemplateSummary", name); err != nil {
		return nil, err
	}
	if in.StackSetName != nil {
		return nil, wire.NotModelled("GetTemplateSummary of a stack set")
	}
	t, err := s.summarised(ctx, in)
	if err != nil {
		return nil, err
	}
	out := &cfn.GetTemplateSummaryOutput{
		Description: nonEmpty(t.Description()), DeclaredTransforms: t.Transforms(), Parameters: document.Declarations(t),
		Version: nonEmpty(t.Section("AWSTemplateFormatVersion").Str()),
	}
	if needed, reason := s.capabilities(t); len(needed) > 0 {
		out.Capabilities, out.CapabilitiesReason = needed, &reason
	}
	if metadata := t.Section("Metadata"); metadata != nil {
		out.Metadata = aws.String(string(metadata.JSON()))
	}
	for _, r := range t.Resources() {
		out.ResourceTypes = append(out.ResourceTypes, r.Type)
	}
	slices.Sort(out.ResourceTypes)
	out.ResourceTypes = slices.Compact(out.ResourceTypes)
	return out, nil
}

func (s *Service) summarised(ctx context.Context, in *cfn.GetTemplateSummaryInput) (*template.Template, error) {
	name := aws.ToString(in.StackName)
	if name == "" {
		return s.checked(ctx, in.TemplateBody, in.TemplateURL)
	}
	if in.TemplateBody != nil || in.TemplateURL != nil {
		return nil, invalid("You must specify only one of StackName, TemplateBody and TemplateURL")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.find(ctx, name)
	if st == nil || st.current == nil {
		return nil, notThere(name)
	}
	return st.current.submitted, nil
}
