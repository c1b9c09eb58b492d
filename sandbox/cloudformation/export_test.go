package cloudformation_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	cfn "github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
)

// exporting exports a log group's name, importing uses it.
const (
	exporting = `
Resources: {Log: {Type: AWS::Logs::LogGroup, Properties: {LogGroupName: one}}}
Outputs: {Name: {Value: !Ref Log, Export: {Name: !Sub "${AWS::StackName}:Name"}}}
`
	importing = `
Resources: {Log: {Type: AWS::Logs::LogGroup, Properties: {LogGroupName: !Join ["-", [!ImportValue "from:Name", two]]}}}
`
)

func (w *world) exports() string {
	w.t.Helper()
	out, err := w.ListExports(w.ctx, &cfn.ListExportsInput{})
	if err != nil {
		w.t.Fatal(err)
	}
	var all []string
	for _, e := range out.Exports {
		all = append(all, *e.Name+"="+*e.Value)
	}
	return strings.Join(all, " ")
}

// TestExports takes an export through its life: while it is used, it stays.
func TestExports(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.want(w.create("early", importing), types.StackStatusRollbackComplete)
	inOrder(t, w.rows("early"), "early ROLLBACK_IN_PROGRESS No export named from:Name found. Rollback requested by user.")
	st := w.create("from", exporting)
	w.want(st, types.StackStatusCreateComplete)
	if aws.ToString(st.Outputs[0].ExportName) != "from:Name" || w.exports() != "from:Name=one" {
		t.Errorf("outputs %v, exports %s", st.Outputs, w.exports())
	}
	if _, err := w.ListImports(w.ctx, &cfn.ListImportsInput{ExportName: aws.String("from:Name")}); err == nil || !strings.Contains(err.Error(), "Export 'from:Name' is not imported by any stack.") {
		t.Errorf("imports: %v", err)
	}
	w.want(w.create("to", importing), types.StackStatusCreateComplete)
	imports, err := w.ListImports(w.ctx, &cfn.ListImportsInput{ExportName: aws.String("from:Name")})
	if err != nil || len(imports.Imports) != 1 || imports.Imports[0] != "to" || w.ids("to")["Log"] != "one-two" {
		t.Errorf("imports %v, %v; made %v", imports, err, w.ids("to"))
	}

	w.want(w.update("from", strings.Replace(exporting, "one", "other", 1)), types.StackStatusUpdateRollbackComplete)
	inOrder(t, w.rows("from"), "from UPDATE_ROLLBACK_IN_PROGRESS Export from:Name cannot be updated as it is in use by to")
	w.want(w.update("from", strings.Split(exporting, "Outputs")[0]), types.StackStatusUpdateRollbackComplete)
	inOrder(t, w.rows("from"), "from UPDATE_ROLLBACK_IN_PROGRESS Export from:Name cannot be deleted as it is in use by to")
	w.want(w.delete("from"), types.StackStatusUpdateRollbackComplete)
	inOrder(t, w.rows("from"), "from DELETE_IN_PROGRESS", "from UPDATE_ROLLBACK_COMPLETE Export from:Name cannot be deleted as it is in use by to")
	if w.exports() != "from:Name=one" {
		t.Errorf("exports %s", w.exports())
	}

	w.want(w.update("to", strings.Replace(importing, `!ImportValue "from:Name"`, "x", 1)), types.StackStatusUpdateComplete)
	w.want(w.update("from", strings.Replace(exporting, "one", "other", 1)), types.StackStatusUpdateComplete)
	if w.exports() != "from:Name=other" {
		t.Errorf("exports %s", w.exports())
	}
	w.want(w.delete("from"), types.StackStatusDeleteComplete)
	if w.exports() != "" {
		t.Errorf("exports %s", w.exports())
	}
}

// TestExportNames has names that can't be, or are taken.
func TestExportNames(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	taken := strings.Replace(exporting, `!Sub "${AWS::StackName}:Name"`, "taken", 1)
	w.want(w.create("first", taken), types.StackStatusCreateComplete)
	w.want(w.create("second", strings.Replace(taken, "one", "two", 1)), types.StackStatusRollbackComplete)
	inOrder(t, w.rows("second"), "Log CREATE_COMPLETE", "second ROLLBACK_IN_PROGRESS Export with name taken is already exported by stack first. Rollback requested by user.")
	for name, want := range map[string]string{
		"a b":             "Output Name is malformed. The Name field of every Export member must be specified and consist only of alphanumeric characters, colons, or hyphens.",
		"!Ref Log":        "must not depend on any resources",
		"!ImportValue x":  "must not depend on any resources, imported values",
		"!GetAtt Log.Arn": "must not depend on any resources",
	} {
		body := strings.Replace(taken, "Name: taken", "Name: "+name, 1)
		in := &cfn.CreateStackInput{StackName: aws.String("refused"), TemplateBody: &body}
		if _, err := w.CreateStack(w.ctx, in); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", name, err, want)
		}
	}
}

// TestHookRefuses has what the blue/green hook doesn't take beside it.
func TestHookRefuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.want(w.create("from", exporting), types.StackStatusCreateComplete)
	for name, c := range map[string]struct{ body, want string }{
		"export": {web(t, "Value: !GetAtt Balancer.DNSName", "Value: !GetAtt Balancer.DNSName\n    Export: {Name: x}"), "does not support exported outputs (Address)"},
		"import": {web(t, "Value: !GetAtt Balancer.DNSName", "Value: !ImportValue from:Name"), "does not support imported values"},
	} {
		st := w.create(name, c.body, w.parameters(blueImage)...)
		w.want(st, types.StackStatusRollbackComplete)
		if rows := strings.Join(w.rows(name), "\n"); !strings.Contains(rows, c.want) {
			t.Errorf("%s: %s", name, rows)
		}
	}
}
