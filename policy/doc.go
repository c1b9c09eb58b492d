// Package policy reads IAM policy documents and evaluates them: who may do
// what to which resource, and which statement and condition say so.
//
// It is pure: no I/O, no AWS client, no clock. The sandbox evaluates every
// request with it; the pipeline asks it, before a deployment, which accounts a
// repository policy lets pull.
//
// # What it promises
//
// What is not understood never allows. An unknown element, operator or form of
// principal is an error of [Parse] that names it. What a document may say but a
// [Request] can't answer (a condition key that the request neither has nor
// denies having, a policy variable of such a key, a key with several values
// compared without ForAnyValue or ForAllValues) is undecided, and a statement
// that is undecided does not allow and does deny. A misspelt key of AWS's ([Meant])
// is in no request.
//
// # Sources
//
//   - https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
//   - https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
//   - https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html
//   - https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
//   - https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
//   - https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html
package policy
