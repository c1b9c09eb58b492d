package release

import (
	"bytes"
	"slices"
	"strings"

	"orgship/template"
)

// A release notes in the template itself which images ran before: comments at
// its end, the latest first. CloudFormation keeps the template as it was handed
// in, comments included, and takes the earlier one back when an update goes
// back; so the record is always that of what runs. A comment changes no
// resource: a tag on the stack or an entry under Metadata might, and the
// blue/green hook refuses any other change beside the new image.
//
// JSON has no comments: there the record is an entry of the template's own Metadata
// section. That is no resource, so the hook lets it change beside the new image
// (assumption A123; it can't be changed by itself, and needn't).
const (
	recordMark = "# orgship previous image: "
	recordKey  = "OrgshipPreviousImages"
	recordMax  = 5
)

// previous returns the images that a template's record names, the latest first.
func previous(body []byte) []string {
	if t := inJSON(body); t != nil {
		return strings.Fields(t.Metadata(recordKey))
	}
	var images []string
	for line := range strings.Lines(string(body)) {
		if image, ok := strings.CutPrefix(strings.TrimSpace(line), recordMark); ok {
			images = append(images, image)
		}
	}
	return images
}

// inJSON returns the template if it is written in JSON.
func inJSON(body []byte) *template.Template {
	if t, err := template.Parse(body); err == nil && t.Format == template.JSON {
		return t
	}
	return nil
}

// withRecord returns the template with a record of these images.
func withRecord(body []byte, images []string) []byte {
	images = images[:min(len(images), recordMax)]
	if inJSON(body) != nil {
		return inMetadata(body, strings.Join(images, " "))
	}
	body = withoutRecord(body)
	parsed, err := template.Parse(body)
	if err != nil || len(images) == 0 {
		return body
	}
	out := slices.Clone(body)
	if !bytes.HasSuffix(out, []byte("\n")) {
		out = append(out, '\n')
	}
	for _, image := range images {
		out = append(out, recordMark+image+"\n"...)
	}
	if again, err := template.Parse(out); err != nil || !template.Equal(parsed.Root, again.Root) {
		return body // e.g. a template that ends in a block of text, whose part a comment would be
	}
	return out
}

func inMetadata(body []byte, record string) []byte {
	out, err := template.WithMetadata(body, recordKey, record)
	if err != nil {
		return body // it can't be changed in place: going back needs the image named
	}
	return out
}

func withoutRecord(body []byte) []byte {
	if inJSON(body) != nil {
		return inMetadata(body, "")
	}
	var out []byte
	for line := range bytes.Lines(body) {
		if !bytes.HasPrefix(bytes.TrimSpace(line), []byte(recordMark)) {
			out = append(out, line...)
		}
	}
	return out
}

// history is the record after a release: what ran before it, then what ran
// before that. Releasing what already runs changes nothing about it.
func history(before, image string, images []string) []string {
	if before == "" || before == image {
		return images
	}
	return append([]string{before}, images...)
}
