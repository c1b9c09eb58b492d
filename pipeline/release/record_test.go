package release

import (
	"bytes"
	"slices"
	"testing"

	"orgship/cfn"
	"orgship/template"
)

func TestRecordKeepsTheTemplate(t *testing.T) {
	t.Parallel()
	images := []string{digestOf("a"), digestOf("b")}
	for name, body := range map[string]string{
		"the template of the house":   string(cfn.BlueGreen()),
		"no line break at the end":    "Resources:\n  A:\n    Type: AWS::ECS::Cluster",
		"a block of text at the end":  "Resources:\n  A:\n    Type: AWS::ECS::Cluster\nDescription: |\n  text\n  more text\n",
		"a block with a kept newline": "Resources:\n  A:\n    Type: AWS::ECS::Cluster\nDescription: |+\n  text\n\n",
		"JSON":                        `{"Resources": {"A": {"Type": "AWS::ECS::Cluster"}}}`,
		"JSON on lines":               "{\n  \"Resources\": {\n    \"A\": {\"Type\": \"AWS::ECS::Cluster\"}\n  }\n}\n",
		"JSON with metadata":          `{"Metadata": {"AWS::CloudFormation::Interface": {}}, "Resources": {"A": {"Type": "AWS::ECS::Cluster"}}}`,
	} {
		t.Run(name, func(t *testing.T) {
			with := withRecord([]byte(body), images)
			if got := previous(with); !slices.Equal(got, images) {
				t.Errorf("recorded %v", got)
			}
			if again := withRecord(with, images); !bytes.Equal(again, with) {
				t.Errorf("recording again changes it:\n%s", again)
			}
			if without := withRecord(with, nil); !bytes.Equal(bytes.TrimRight(without, "\n"), bytes.TrimRight([]byte(body), "\n")) {
				t.Errorf("taking the record out leaves:\n%s", without)
			}
		})
	}
}

func TestRecordIsBounded(t *testing.T) {
	t.Parallel()
	var images []string
	for _, letter := range "0123456789" {
		images = append(images, digestOf(string(letter)))
	}
	if got := previous(withRecord(cfn.BlueGreen(), images)); !slices.Equal(got, images[:recordMax]) {
		t.Errorf("recorded %d images", len(got))
	}
}

// FuzzRecord: a record never changes what a template says.
func FuzzRecord(f *testing.F) {
	f.Add(cfn.BlueGreen())
	f.Add([]byte("Resources:\n  A:\n    Type: T\nDescription: |\n  a\n"))
	f.Add([]byte("{\"Resources\": {}}"))
	f.Add([]byte("Resources:\n  A:\n    Type: T\nDescription: 'a\n\n  b'\n"))
	f.Fuzz(func(t *testing.T, body []byte) {
		before, err := template.Parse(withoutRecord(body))
		if err != nil {
			t.Skip()
		}
		with := withRecord(body, []string{digestOf("a")})
		if before.Format == template.JSON { // its record is a part of it
			with = withoutRecord(with)
		}
		after, err := template.Parse(with)
		if err != nil || !template.Equal(before.Root, after.Root) {
			t.Errorf("changed by its record: %v", err)
		}
	})
}

func TestStackOfARepository(t *testing.T) {
	t.Parallel()
	for repository, want := range map[string]string{"": "demoecshwapp-ecr", "shop": "shop-ecr", "fault/shop_2.web": "fault-shop-2-web-ecr", "2048": "ecr-2048-ecr"} {
		if got := (Shared{Repository: repository}).stackName(); got != want {
			t.Errorf("%q: %q, want %q", repository, got, want)
		}
	}
}
