package policy

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/util"
)

// dataFile is a data file and where it is found below data.
type dataFile struct {
	File
	at []string
}

// paths are places below data.
type paths [][]string

// touch reports whether one of the paths is at, above or below a place.
func (ps paths) touch(at []string) bool {
	return slices.ContainsFunc(ps, func(p []string) bool {
		n := min(len(p), len(at))
		return slices.Equal(p[:n], at[:n])
	})
}

// isBase reports whether a reference is to a place below data where no rule is: what data files can answer.
func isBase(c *ast.Compiler, ref ast.Ref) bool {
	return ref[0].Equal(ast.DefaultRootDocument) && len(c.GetRulesForVirtualDocument(ref)) == 0
}

// dataRead are the places below data that the modules read and where no rule is.
func dataRead(c *ast.Compiler) paths {
	var out paths
	seen := map[string]bool{}
	note := func(ref ast.Ref) bool {
		if !isBase(c, ref) {
			return false
		}
		if at := staticPath(ref[1:]); !seen[strings.Join(at, "\x00")] {
			seen[strings.Join(at, "\x00")] = true
			out = append(out, at)
		}
		return false
	}
	for _, m := range c.Modules {
		for _, r := range m.Rules {
			ast.WalkRefs(r, note)
		}
	}
	return out
}

// staticPath is the part of a reference that does not depend on variables.
func staticPath(ref ast.Ref) []string {
	path := []string{}
	for _, term := range ref {
		s, ok := term.Value.(ast.String)
		if !ok {
			break
		}
		path = append(path, string(s))
	}
	return path
}

// mount makes the data document. Only what the modules read is loaded, so that a fixture or another tool's file beside the
// policies does no harm, and what they read must be readable: broken files and conflicts there are errors.
func mount(files []dataFile, read paths) (map[string]any, error) {
	data := map[string]any{}
	for _, f := range files {
		if !read.touch(f.at) {
			continue
		}
		var content any
		if err := util.Unmarshal(f.Data, &content); err != nil {
			return nil, fmt.Errorf("read data file %s: %w", f.Path, err)
		}
		if !strings.HasSuffix(f.Path, ".json") && manyDocuments(f.Data) {
			return nil, fmt.Errorf("read data file %s: it holds several YAML documents; put each into a file of its own", f.Path)
		}
		object, ok := content.(map[string]any)
		if !ok {
			return nil, fmt.Errorf("read data file %s: its content is %s; a data file holds an object", f.Path, describe(content))
		}
		for i := len(f.at) - 1; i >= 0; i-- {
			object = map[string]any{f.at[i]: object}
		}
		if at := merge(data, object, nil, read); at != nil {
			return nil, fmt.Errorf("read data file %s: another file defines data.%s too", f.Path, strings.Join(at, "."))
		}
	}
	return data, nil
}

var (
	yamlMarker  = regexp.MustCompile(`(?m)^---(?:[ \t\r]|$)`)
	yamlContent = regexp.MustCompile(`(?m)^[ \t]*[^\s#%]`)
)

// manyDocuments reports whether a YAML text has more than the one document that is read of it.
func manyDocuments(text []byte) bool {
	n := 0
	for _, part := range yamlMarker.Split(string(text), -1) {
		if yamlContent.MatchString(part) {
			n++
		}
	}
	return n > 1
}

// merge adds what is read of src to dst. It returns the first place where both have a value.
func merge(dst, src map[string]any, at []string, read paths) []string {
	for _, key := range slices.Sorted(maps.Keys(src)) {
		here := append(slices.Clip(at), key)
		if !read.touch(here) {
			continue
		}
		old, exists := dst[key]
		if !exists {
			dst[key] = src[key]
			continue
		}
		oldObject, ok1 := old.(map[string]any)
		newObject, ok2 := src[key].(map[string]any)
		if !ok1 || !ok2 {
			return here
		}
		if conflict := merge(oldObject, newObject, here, read); conflict != nil {
			return conflict
		}
	}
	return nil
}
