package runner

import "context"

// Key is one of the keys that contents of a store are encrypted for.
type Key struct {
	Recipient string // its public half; "" stands for what an earlier driftless encrypted, which did not write it down
	Current   bool   // everything is encrypted for it from now on
	InFile    bool   // the key file has its identity
	Earlier   bool   // it was the current one before
	Unknown   bool   // Recipient is "", and no key of the file reads these contents: they stay as they are
	Damaged   bool   // these contents were encrypted for it, and cannot be read with it: they stay as they are
	Artifacts int    // that are encrypted for it
	States    int
}

// Rotation is what changing the key has to do.
type Rotation struct {
	Recipient string // that everything is encrypted for from now on
	Left      int    // contents that are to be encrypted anew
	Missing   int    // contents for keys that the key file lacks, or lacked the last time: they stay as they are
}

// Resealed is what was encrypted anew.
type Resealed struct {
	Done    int      // contents that were looked at; 0 = nothing is left
	Missing int      // those of them for which no key of the file fits, and nobody knows which does: they stay as they are
	Damaged []string // those of them that cannot be read with their key, for people
}

// Keyring is a store whose keys can be changed while it is in use, by several processes. self is the replica that asks.
type Keyring interface {
	// Recipients are the public halves of the keys that this process has.
	Recipients() []string
	// Keys are the keys of the key file and those that contents need.
	Keys(ctx context.Context) ([]Key, error)
	// Rotate lets everything be encrypted for another key from now on: the first of the key file that was never used
	// before, or a new one. While contents of an earlier rotation are left, nothing changes; nor while a replica is alive
	// that lacks the key.
	Rotate(ctx context.Context, actor, self string) (Rotation, error)
	// Reseal encrypts some contents for the current key that are not yet.
	Reseal(ctx context.Context) (Resealed, error)
	// Retire removes earlier keys from the key file that nothing needs any more, and returns them.
	Retire(ctx context.Context, actor, self string) ([]string, error)
}
