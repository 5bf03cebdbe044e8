package workspaces

import (
	"reflect"
	"slices"
	"strings"
)

// BlockDoc describes one kind of block of the configuration files, for people.
type BlockDoc struct {
	Names      []string // by which it is written; empty: the top level of a file
	Labels     []string
	In         []string // where it may stand: files or blocks
	Text       string
	Attributes []AttributeDoc
	Blocks     []string // that may stand in it
}

// AttributeDoc describes one attribute.
type AttributeDoc struct {
	Name     string
	Type     string // as it is written
	Default  string // "" when there is none
	Text     string
	Required bool
	// Takes says when a pull request's edit of it takes effect: "at once" (what a workspace is) or "after the merge" (what it may do);
	// "" for what only the operator's file holds.
	Takes string
}

// The files, and what a settings block may stand in.
const (
	inOperator   = "the operator's file"
	inRepository = "driftless.hcl"
	atOnce       = "at once"
	afterMerge   = "after the merge"
)

// Reference describes every block of both configuration files: names, labels and nesting come from the schema itself, the
// rest from the texts beside it. The order is that of reading.
func Reference() []BlockDoc {
	var all []BlockDoc
	index := map[reflect.Type]int{}
	var walk func(t reflect.Type, name, in string)
	walk = func(t reflect.Type, name, in string) {
		i, known := index[t]
		if !known {
			i = len(all)
			index[t] = i
			all = append(all, BlockDoc{Text: blockTexts[t.Name()]})
		}
		b := &all[i]
		b.Names, b.In = once(b.Names, name), once(b.In, in)
		if known {
			return
		}
		describe(b, t)
		for _, f := range fields(t) {
			if f.kind == "block" {
				walk(f.block, f.name, orFile(name, in))
			}
		}
	}
	walk(reflect.TypeFor[operatorBody](), "", inOperator)
	walk(reflect.TypeFor[settingsBody](), "", inRepository)
	return slices.DeleteFunc(all, func(b BlockDoc) bool { return len(b.Names) == 0 && b.In[0] == inRepository })
}

func orFile(name, file string) string {
	if name == "" {
		return file
	}
	return name
}

func once(list []string, word string) []string {
	if word == "" || slices.Contains(list, word) {
		return list
	}
	return append(list, word)
}

// describe fills in what stands in a block.
func describe(b *BlockDoc, t reflect.Type) {
	for _, f := range fields(t) {
		switch f.kind {
		case "label":
			b.Labels = append(b.Labels, f.name)
		case "block":
			b.Blocks = append(b.Blocks, f.name)
		default:
			doc := attributeTexts[t.Name()+"."+f.name]
			if f.owner != "" {
				doc = attributeTexts[f.owner+"."+f.name]
			}
			doc.Name, doc.Required = f.name, f.kind == ""
			b.Attributes = append(b.Attributes, doc)
		}
	}
}

// field is one element of the schema.
type field struct {
	name, kind string // kind: "", optional, block or label
	block      reflect.Type
	owner      string // the type that a remain field brings it from
}

// fields lists the elements of a block by the tags that gohcl reads.
func fields(t reflect.Type) []field {
	var all []field
	for i := range t.NumField() {
		f := t.Field(i)
		name, kind, _ := strings.Cut(f.Tag.Get("hcl"), ",")
		switch kind {
		case "def_range":
		case "remain":
			for _, inner := range fields(f.Type) {
				inner.owner = f.Type.Name()
				all = append(all, inner)
			}
		case "block":
			of := f.Type
			for of.Kind() == reflect.Slice || of.Kind() == reflect.Pointer {
				of = of.Elem()
			}
			all = append(all, field{name: name, kind: kind, block: of})
		default:
			all = append(all, field{name: name, kind: kind})
		}
	}
	return all
}
