package gitrepo

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/go-git/go-billy/v5/osfs"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/cache"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/go-git/go-git/v5/storage/filesystem"
)

// objects reads Git objects in this process. go-git's handle misses packs that come later and panics when one goes, so
// it is opened anew whenever the packs have changed, and once more when a read fails.
type objects struct {
	dir   string // that holds objects/
	trees *treeCache

	mu    sync.Mutex // go-git's storage is not made for several goroutines
	store *filesystem.Storage
	packs os.FileInfo
	rest  *time.Timer // lets go of what is open
}

// packsOpen is how long packs stay open after a read. Most reads come in thousands; the files of a hundred idle mirrors are too
// many, and one that was removed takes up its disk until it is closed.
const packsOpen = 10 * time.Second

func newObjects(dir string) *objects { return &objects{dir: dir, trees: newTreeCache()} }

// with calls fn with a storage that fn may use until it returns. fn may be called twice.
func (o *objects) with(fn func(*filesystem.Storage) error) error {
	err := o.once(fn)
	if err == nil || errors.Is(err, errTooLarge) {
		return err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.open()
	return guard(o.store, fn)
}

// once is with, but what fails is not tried again: to open packs anew is to read their indexes, which may be large.
func (o *objects) once(fn func(*filesystem.Storage) error) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.fresh() {
		o.open()
	}
	defer o.rest.Reset(packsOpen)
	return guard(o.store, fn)
}

// close closes the packs, which the next read opens.
func (o *objects) close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	_ = o.store.Close()
}

func (o *objects) fresh() bool {
	if o.store == nil || o.packs == nil {
		return false
	}
	now, err := os.Stat(filepath.Join(o.dir, "objects", "pack"))
	return err == nil && os.SameFile(o.packs, now) && o.packs.ModTime().Equal(now.ModTime())
}

func (o *objects) open() {
	const deltaBases = 8 << 20 // bytes; go-git's default of 96 MiB would be spent for every mirror
	if o.store == nil {
		o.rest = time.AfterFunc(packsOpen, o.close)
	} else {
		_ = o.store.Close()
	}
	o.packs, _ = os.Stat(filepath.Join(o.dir, "objects", "pack"))
	o.store = filesystem.NewStorageWithOptions(osfs.New(o.dir), cache.NewObjectLRU(deltaBases),
		filesystem.Options{AlternatesFS: osfs.New("/"), KeepDescriptors: true})
}

func guard(store *filesystem.Storage, fn func(*filesystem.Storage) error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("read objects: %v", p)
		}
	}()
	return fn(store)
}

var errTooLarge = errors.New("the file is larger than 64 MiB")

// maxBlob is the largest blob that is read into memory, in bytes.
const maxBlob = 64 << 20

// blob returns the content of a blob.
func (o *objects) blob(id string) (content []byte, err error) {
	hash := plumbing.NewHash(id)
	err = o.with(func(store *filesystem.Storage) error {
		size, err := store.EncodedObjectSize(hash)
		if err != nil {
			return err
		}
		if size > maxBlob {
			return errTooLarge
		}
		object, err := store.EncodedObject(plumbing.BlobObject, hash)
		if err != nil {
			return err
		}
		content, err = contentOf(object)
		return err
	})
	return content, err
}

// holds reports whether an object of a kind can be read here. What it denies git(1) may have all the same.
func (o *objects) holds(id, kind string) (is bool) {
	err := o.with(func(store *filesystem.Storage) error {
		object, err := store.EncodedObject(plumbing.AnyObject, plumbing.NewHash(id))
		is = err == nil && object.Type().String() == kind
		return err
	})
	return is && err == nil
}

// lacks reports whether an object is not among those that can be read here now.
func (o *objects) lacks(id string) bool {
	return o.once(func(store *filesystem.Storage) error { return store.HasEncodedObject(plumbing.NewHash(id)) }) != nil
}

// commit returns the tree and the parents of a commit that can be read here.
func (o *objects) commit(id string) (tree string, parents []string, ok bool) {
	err := o.with(func(store *filesystem.Storage) error {
		c, err := object.GetCommit(store, plumbing.NewHash(id))
		if err != nil {
			return err
		}
		tree, parents = c.TreeHash.String(), nil
		for _, p := range c.ParentHashes {
			parents = append(parents, p.String())
		}
		return nil
	})
	return tree, parents, err == nil
}

// tree returns the parsed directory with this tree id.
func (o *objects) tree(id string) (d *directory, err error) {
	if d := o.trees.get(id); d != nil {
		return d, nil
	}
	err = o.with(func(store *filesystem.Storage) error {
		object, err := store.EncodedObject(plumbing.TreeObject, plumbing.NewHash(id))
		if err != nil {
			return err
		}
		d, err = parseTree(object)
		return err
	})
	if err != nil {
		return nil, err
	}
	o.trees.add(id, d)
	return d, nil
}
