package policy

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// File is one Rego or data file.
type File struct {
	Path string // as people know it
	Data []byte
}

// Source is one named set of policy files, such as a policy block of the configuration. Err says why it could not be read.
//
// Files that end in .rego are policies, those that end in _test.rego their tests, which never judge; .json, .yaml and .yml
// files are data; all others are ignored. A data file's content is found under data.DIR, where DIR is its directory below
// Root, one segment each, and its own name does not count (the directory rule of opa and conftest).
type Source struct {
	Name  string
	Root  string // the directory, a prefix of every Path, from which data files are placed; "" when paths begin there
	Files []File
	Err   error
}

// ReadDir reads a directory of *.rego and *.json/*.yaml data files into a Source; _test.rego files are left out of judgement.
// Hidden files and directories are skipped. Symbolic links are followed within dir; one that leaves it is an error, as is
// everything that cannot be read. A dir that is a file is read as the only file of its directory.
func ReadDir(name, dir string) Source {
	s := Source{Name: name, Root: filepath.ToSlash(filepath.Clean(dir))}
	info, err := os.Stat(dir)
	if err != nil {
		s.Err = fmt.Errorf("read policies: %w", err)
		return s
	}
	if !info.IsDir() {
		data, err := os.ReadFile(dir)
		if err != nil {
			s.Err = fmt.Errorf("read policies: %w", err)
		}
		s.Root, s.Files = path.Dir(s.Root), []File{{Path: s.Root, Data: data}}
		return s
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		s.Err = fmt.Errorf("read policies: %w", err)
		return s
	}
	defer func() { _ = root.Close() }() // only read from

	read := ReadFS(name, root.FS())
	if read.Err != nil {
		read.Err = fmt.Errorf("read policies of %s: %w", dir, read.Err)
	}
	for i := range read.Files {
		read.Files[i].Path = path.Join(s.Root, read.Files[i].Path)
	}
	read.Root = s.Root
	return read
}

// ReadFS reads the policy files of a file system, as ReadDir does.
func ReadFS(name string, fsys fs.FS) Source {
	s := Source{Name: name}
	s.Err = walk(fsys, ".", nil, func(p string) error {
		data, err := fs.ReadFile(fsys, p)
		if err != nil {
			return err
		}
		s.Files = append(s.Files, File{Path: p, Data: data})
		return nil
	})
	return s
}

// walk calls visit for every policy file below dir, in order. It goes on after an error and returns all of them.
func walk(fsys fs.FS, dir string, above []fs.FileInfo, visit func(string) error) error {
	self, err := fs.Stat(fsys, dir)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(above, func(a fs.FileInfo) bool { return os.SameFile(a, self) }) {
		return fmt.Errorf("%s: a symbolic link leads back to a directory that holds it", dir)
	}
	entries, err := fs.ReadDir(fsys, dir)
	if err != nil {
		return err
	}
	var errs []error
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") {
			continue
		}
		p := path.Join(dir, e.Name())
		info, err := fs.Stat(fsys, p) // follows links, which DirEntry does not
		switch {
		case err != nil:
			errs = append(errs, err)
		case info.IsDir():
			errs = append(errs, walk(fsys, p, append(slices.Clip(above), self), visit))
		case !isRego(p) && !isData(p):
		case !info.Mode().IsRegular():
			errs = append(errs, fmt.Errorf("%s: not a regular file", p)) // a pipe would never end
		default:
			errs = append(errs, visit(p))
		}
	}
	return errors.Join(errs...)
}

func isRego(p string) bool { return path.Ext(p) == ".rego" }

func isTest(p string) bool { return strings.HasSuffix(p, "_test.rego") }

func isData(p string) bool {
	return slices.Contains([]string{".json", ".yaml", ".yml"}, path.Ext(p))
}

// dataPath is where a data file of the source is found below data.
func (s Source) dataPath(p string) []string {
	return segments(path.Dir(rel(s.Root, filepath.ToSlash(p))))
}

// rel is p below root, or p when it is not below root.
func rel(root, p string) string {
	root, p = path.Clean(root), path.Clean(p)
	if below, ok := strings.CutPrefix(p, strings.TrimSuffix(root, "/")+"/"); ok && root != "." {
		return below
	}
	return p
}

// segments splits a cleaned slash path; "." and "/" have none.
func segments(p string) []string {
	if p == "." {
		return nil
	}
	return strings.FieldsFunc(p, func(r rune) bool { return r == '/' })
}

// revision hashes name, path and content of every file that judges.
func revision(sources []Source) string {
	var lines []string
	for _, s := range sources {
		for _, f := range s.Files {
			if (isRego(f.Path) && !isTest(f.Path)) || isData(f.Path) {
				lines = append(lines, fmt.Sprintf("%q %q %x\n", s.Name, f.Path, sha256.Sum256(f.Data)))
			}
		}
	}
	if len(lines) == 0 {
		return ""
	}
	slices.Sort(lines)
	sum := sha256.Sum256([]byte(strings.Join(lines, "")))
	return hex.EncodeToString(sum[:])
}
