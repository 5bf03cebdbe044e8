package runner

import "context"

// Key is one of the keys that contents of a store are encrypted for.
type Key struct {
	Recipient string // its public half; "" stands for what an earlier driftless encrypted, which did not write it down
	Current   bool   // everything is encrypted for it from now on
	InFile    bool   // the key file has its identity
	Earlier   bool   // it was the current one before
	Artifacts int    // that are encrypted for it
	States    int
}

// Keyring is a store whose keys can be changed while it is in use, by several processes.
type Keyring interface {
	// Keys are the keys of the key file and those that contents need.
	Keys(ctx context.Context) ([]Key, error)
	// Rotate lets everything be encrypted for another key from now on: the first of the key file that was never used
	// before, or a new one. While contents of an earlier rotation are left, nothing changes.
	Rotate(ctx context.Context, actor string) (recipient string, err error)
	// Reseal encrypts some contents for the current key that are not yet, and returns how many are left.
	Reseal(ctx context.Context) (left int, err error)
	// Retire removes earlier keys from the key file that nothing needs any more, and returns them.
	Retire(ctx context.Context, actor string) ([]string, error)
}
