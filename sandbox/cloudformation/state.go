package cloudformation

// account is what one account has.
type account struct{}
