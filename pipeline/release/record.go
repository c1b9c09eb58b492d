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
// JSON has no comments: a stack with such a template has no record, and going
// back needs the image named.
const (
	recordMark = "# orgship previous image: "
	recordMax  = 5
)

// previous returns the images that a template's record names, the latest first.
func previous(body []byte) []string {
	var images []string
	for line := range strings.Lines(string(body)) {
		if image, ok := strings.CutPrefix(strings.TrimSpace(line), recordMark); ok {
			images = append(images, image)
		}
	}
	return images
}

// withRecord returns the template with a record of these images.
func withRecord(body []byte, images []string) []byte {
	body = withoutRecord(body)
	parsed, err := template.Parse(body)
	if err != nil || parsed.Format != template.YAML || len(images) == 0 {
		return body
	}
	out := slices.Clone(body)
	if !bytes.HasSuffix(out, []byte("\n")) {
		out = append(out, '\n')
	}
	for _, image := range images[:min(len(images), recordMax)] {
		out = append(out, recordMark+image+"\n"...)
	}
	if again, err := template.Parse(out); err != nil || !template.Equal(parsed.Root, again.Root) {
		return body // e.g. a template that ends in a block of text, whose part a comment would be
	}
	return out
}

func withoutRecord(body []byte) []byte {
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
