package stack

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// maxAnswer bounds what is read of one answer: a template has at most 1 MB, a
// page of events too.
const maxAnswer = 16 << 20

// once switches the SDK's own retries off: polls have a back-off of their own,
// and hidden retries would break the promised rate. It also reads every answer:
// the SDK takes an empty one for a good one, and any at all where an operation
// gives nothing back, as CancelUpdateStack and DeleteStack do.
func once(o *cloudformation.Options) {
	o.Retryer = aws.NopRetryer{}
	o.APIOptions = append(o.APIOptions, func(s *middleware.Stack) error {
		return s.Deserialize.Add(middleware.DeserializeMiddlewareFunc("ReadAnswer", readAnswer), middleware.After)
	})
}

// readAnswer refuses what isn't CloudFormation's answer to the operation, or not
// all of it. HTTP 5xx says enough without a body.
func readAnswer(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (middleware.DeserializeOutput, middleware.Metadata, error) {
	out, metadata, err := next.HandleDeserialize(ctx, in)
	response, ok := out.RawResponse.(*smithyhttp.Response)
	if err != nil || !ok || response.StatusCode >= 500 {
		return out, metadata, err
	}
	operation := awsmiddleware.GetOperationName(ctx)
	if response.StatusCode >= 300 {
		operation = "Error" // its document is an ErrorResponse
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	_ = response.Body.Close()
	response.Body = io.NopCloser(bytes.NewReader(body))
	if err == nil {
		err = answers(body, operation)
	}
	if err != nil {
		return out, metadata, &smithy.DeserializationError{Err: err}
	}
	return out, metadata, nil
}

// answers reports whether a document is a whole one, and the operation's.
func answers(body []byte, operation string) error {
	d := xml.NewDecoder(bytes.NewReader(body))
	root := ""
	for {
		token, err := d.Token()
		switch {
		case errors.Is(err, io.EOF) && root != "":
			return nil
		case errors.Is(err, io.EOF):
			return io.ErrUnexpectedEOF
		case err != nil:
			return err
		}
		if start, ok := token.(xml.StartElement); ok && root == "" {
			if root = start.Name.Local; root != operation+"Response" {
				return fmt.Errorf("%s was answered with %q", operation, shorten(root))
			}
		}
	}
}
