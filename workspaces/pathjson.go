package workspaces

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// json looks into JSON syntax, where every string may be a template. Names may be there twice, and then both count; the
// decoder is read token by token, as it would keep only the last.
func (f *pathFinder) json(src []byte) {
	d := json.NewDecoder(bytes.NewReader(src))
	d.UseNumber()
	_ = f.jsonValue(d, nil) // what is wrong with the file was found before
}

// jsonValue reads the next value. names are those of the objects that it is in.
func (f *pathFinder) jsonValue(d *json.Decoder, names []string) error {
	token, err := d.Token()
	if err != nil {
		return err
	}
	switch token := token.(type) {
	case string:
		if !isModuleSource(names) {
			f.jsonText(token)
		}
	case json.Delim: // { or [
		for d.More() {
			within := names
			if token == '{' {
				name, err := d.Token()
				if err != nil {
					return err
				}
				text, _ := name.(string)
				f.jsonText(text)
				within = append(names[:len(names):len(names)], text)
			}
			if err := f.jsonValue(d, within); err != nil {
				return err
			}
		}
		_, err = d.Token()
	}
	return err
}

// isModuleSource reports whether names lead to module.NAME.source, which is followed as a call.
func isModuleSource(names []string) bool {
	return len(names) == 3 && names[0] == "module" && names[2] == "source"
}

func (f *pathFinder) jsonText(s string) {
	if !strings.Contains(s, "${") && !strings.Contains(s, "%{") {
		if isRelative(s) {
			f.found = append(f.found, pathRef{plain: true, path: s, complete: true})
		}
		return
	}
	if e, _ := hclsyntax.ParseTemplate([]byte(s), "", hcl.Pos{}); e != nil {
		_ = hclsyntax.Walk(e, f)
	}
}
