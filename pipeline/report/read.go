package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// MaxSize is how many bytes of a document are read, at most: 16 MiB. That of an
// hour's release has less than one.
const MaxSize = 16 << 20

// ReadError says that something is no report.
type ReadError struct{ line, hint string }

func (e *ReadError) Error() string { return "reading the report: " + e.line }

// Hint says what to do about it.
func (e *ReadError) Hint() string { return e.hint }

// writers is what writes the document.
const writers = "name what --report of orgship wrote"

// Read reads a document. Members that it doesn't know are ignored. All texts are
// cleaned as a [Recorder] cleans them, whoever wrote the file. An error is a
// *ReadError.
func Read(document []byte) (Report, error) {
	switch document = bytes.TrimSpace(document); {
	case len(document) == 0:
		return Report{}, &ReadError{"it is empty", "whatever wrote it was ended before it could: its own error is above"}
	case len(document) > MaxSize:
		return Report{}, &ReadError{fmt.Sprintf("it has %s, a report has %s at most", Size(int64(len(document))), Size(MaxSize)), writers}
	}
	if err := checkSchema(document); err != nil {
		return Report{}, err
	}
	var r Report
	if err := json.Unmarshal(document, &r); err != nil {
		return Report{}, malformed(err)
	}
	cleanAll(reflect.ValueOf(&r).Elem())
	r.update()
	if !slices.Contains([]Verdict{Successful, Failed, Error, Inconclusive}, r.Verdict) {
		return Report{}, &ReadError{fmt.Sprintf("%q is no verdict", r.Verdict), "is the file whole? " + writers}
	}
	return r, nil
}

// update makes a document of the first version one of this.
func (r *Report) update() {
	if r.Schema != schemaBefore {
		return
	}
	r.Schema = Schema
	switch r.Outcome {
	case "went back":
		r.Outcome = RolledBack
	case "still going":
		r.Outcome = InProgress
	}
	if r.Plan != nil {
		r.Plan.Class = Class(strings.ReplaceAll(string(r.Plan.Class), " ", "_"))
	}
}

// checkSchema refuses what is JSON and no report, by name.
func checkSchema(document []byte) error {
	var head struct {
		Schema *string `json:"schema"`
	}
	var wrong *json.UnmarshalTypeError
	if err := json.Unmarshal(document, &head); errors.As(err, &wrong) {
		head.Schema = nil
	} else if err != nil {
		return malformed(err)
	}
	name, version, _ := strings.Cut(Schema, "/")
	switch {
	case head.Schema == nil:
		return &ReadError{"it has no schema: " + Schema + " is expected",
			writers + "; before v2, push, access and verify wrote their result alone"}
	case *head.Schema == Schema, *head.Schema == schemaBefore:
		return nil
	case strings.HasPrefix(*head.Schema, name+"/"):
		return &ReadError{fmt.Sprintf("its schema is %s, and this program reads version %s", Quote(Clean(*head.Schema), 80), strings.TrimPrefix(version, "v")),
			"read it with the orgship that wrote it"}
	}
	return &ReadError{fmt.Sprintf("its schema is %s, not %s", Quote(Clean(*head.Schema), 80), Schema), writers}
}

func malformed(err error) error {
	return &ReadError{"it is not whole JSON of the right shape: " + Clean(err.Error()), "whatever wrote it may have been ended before it could: its own error is above"}
}

// CleanAll returns a value in which every text is cleaned.
func CleanAll[T any](v T) T {
	cleanAll(reflect.ValueOf(&v).Elem())
	return v
}

// cleanAll cleans every text in a value, of maps the keys too. What is clean isn't
// written: others may be reading it.
func cleanAll(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		if text := Clean(v.String()); text != v.String() {
			v.SetString(text)
		}
	case reflect.Pointer:
		if !v.IsNil() {
			cleanAll(v.Elem())
		}
	case reflect.Slice:
		for i := range v.Len() {
			cleanAll(v.Index(i))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() { // not those of time.Time
				cleanAll(v.Field(i))
			}
		}
	case reflect.Map:
		cleanMap(v)
	}
}

func cleanMap(v reflect.Value) {
	cleaned, changed := reflect.MakeMap(v.Type()), false
	for _, key := range v.MapKeys() {
		name, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		name.Set(key)
		value.Set(v.MapIndex(key))
		cleanAll(name)
		cleanAll(value)
		cleaned.SetMapIndex(name, value)
		changed = changed || !name.Equal(key) || !value.Equal(v.MapIndex(key))
	}
	if changed {
		v.Set(cleaned)
	}
}
