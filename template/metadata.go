package template

// metadata is the section for what a template says about itself.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/metadata-section-structure.html
const metadata = "Metadata"

// Metadata returns the text of an entry of the template's Metadata section, "" for
// none.
func (t *Template) Metadata(key string) string { return t.Section(metadata).Get(key).Str() }

// WithMetadata returns the source of a template with a text in its Metadata section;
// "" takes it out. Every other byte stays as it is.
func WithMetadata(src []byte, key, text string) ([]byte, error) {
	e, err := newEditor(src)
	if err != nil {
		return nil, err
	}
	section := e.t.Section(metadata)
	switch {
	case text == "" && section.Get(key) == nil:
	case text == "" && len(section.Keys()) == 1:
		err = e.remove(path{}, metadata)
	case text == "":
		err = e.remove(path{metadata}, key)
	case section == nil:
		err = e.insert(path{}, metadata, NewMap(Entry{Key: key, Value: String(text)}), "")
	default:
		err = e.put(path{metadata}, key, String(text), "")
	}
	return e.src, err
}
