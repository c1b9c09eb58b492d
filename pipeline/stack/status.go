package stack

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
)

// Settled reports whether nothing runs in a stack of this status. A stack in
// REVIEW_IN_PROGRESS has only change sets: nothing runs in it.
func Settled(status string) bool {
	return !strings.HasSuffix(status, "_IN_PROGRESS") || status == string(types.StackStatusReviewInProgress)
}

// Succeeded reports whether an operation that ended in this status did what
// was asked. A stack that rolled back never counts.
func Succeeded(status string) bool {
	switch types.StackStatus(status) {
	case types.StackStatusCreateComplete, types.StackStatusUpdateComplete,
		types.StackStatusDeleteComplete, types.StackStatusImportComplete:
		return true
	}
	return false
}

// rolledBack reports whether the operation ended where it began.
func rolledBack(status string) bool {
	switch types.StackStatus(status) {
	case types.StackStatusRollbackComplete, types.StackStatusUpdateRollbackComplete, types.StackStatusImportRollbackComplete:
		return true
	}
	return false
}

// starts reports whether a stack's own row of this status begins an operation.
func starts(status string) bool {
	switch types.StackStatus(status) {
	case types.StackStatusCreateInProgress, types.StackStatusUpdateInProgress,
		types.StackStatusDeleteInProgress, types.StackStatusImportInProgress:
		return true
	}
	return false
}

// Cancellable reports whether a stack in this status can still go back by
// cancelling its update.
func Cancellable(status string) bool { return status == string(types.StackStatusUpdateInProgress) }
