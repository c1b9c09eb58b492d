package template_test

import (
	"testing"

	"orgship/template"
)

func TestParseScalars(t *testing.T) {
	t.Parallel()
	tests := []struct{ yaml, json string }{
		{`80`, `80`}, {`"80"`, `"80"`}, {`'80'`, `"80"`}, {`2012-10-17`, `"2012-10-17"`},
		{`yes`, `true`}, {`Off`, `false`}, {`"yes"`, `"yes"`}, {`y`, `"y"`}, {`!!str 80`, `"80"`},
		{`0x1F`, `31`}, {`010`, `8`}, {`1_000`, `1000`}, {`.5`, `0.5`}, {`-.5`, `-0.5`}, {`+1.`, `1`}, {`012.50`, `12.50`}, {`08`, `"08"`},
		{`1e3`, `1e3`}, {`1.2.3`, `"1.2.3"`}, {`~`, `null`}, {`""`, `""`},
		{`!Ref A`, `{"Ref":"A"}`}, {`!GetAtt A.B.C`, `{"Fn::GetAtt":["A","B.C"]}`}, {`{"Fn::GetAtt": "A.B"}`, `{"Fn::GetAtt":["A","B"]}`},
		{`!Sub "${A}<b>"`, `{"Fn::Sub":"${A}<b>"}`},
		{`!If [C, !Ref A, {Ref: B}]`, `{"Fn::If":["C",{"Ref":"A"},{"Ref":"B"}]}`},
		{`!Or [!Condition C, {Condition: D}]`, `{"Fn::Or":[{"Condition":"C"},{"Condition":"D"}]}`},
		{`{Condition: D}`, `{"Condition":"D"}`},
		{`!Join ["", [a, !Base64 b]]`, `{"Fn::Join":["",["a",{"Fn::Base64":"b"}]]}`},
	}
	for _, tt := range tests {
		got, err := template.Parse([]byte("Resources:\n  A:\n    Type: T\n    Properties:\n      P: " + tt.yaml + "\n"))
		if err != nil {
			t.Errorf("%s: %v", tt.yaml, err)
			continue
		}
		r, _ := got.Resource("A")
		if out := string(r.Properties.Get("P").JSON()); out != tt.json {
			t.Errorf("%s: %s, want %s", tt.yaml, out, tt.json)
		}
	}
}
