package engine

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"
)

// varArgs are the arguments that set variables. Values go into a file, because a process's arguments are there for
// everyone to read. It comes last, so that it wins.
func (r *Root) varArgs() ([]string, error) {
	var args []string
	for _, file := range r.opts.VarFiles {
		args = append(args, "-var-file="+file)
	}
	if len(r.opts.Variables) == 0 {
		return args, nil
	}
	declared, err := readVariables(r.opts.Dir, r.opts.Engine.Kind)
	if err != nil {
		return nil, err
	}
	var file strings.Builder
	for _, name := range sortedKeys(r.opts.Variables) {
		value, err := declared.value(name, r.opts.Variables[name])
		if err != nil {
			return nil, errors.New(r.opts.Mask.String(err.Error()))
		}
		fmt.Fprintf(&file, "%s = %s\n", name, hclwrite.TokensForValue(value).Bytes())
	}
	path := filepath.Join(r.opts.TempDir, "variables.tfvars")
	if err := writeFile(path, []byte(file.String())); err != nil {
		return nil, fmt.Errorf("variables: %w", err)
	}
	return append(args, "-var-file="+path), nil
}

// variables are those that a root module declares.
type variables struct {
	expressions map[string]bool // by name: whether a value is an expression
	broken      bool            // not all of them could be read
}

// value is a variable's value as -var reads it.
func (v variables) value(name, text string) (cty.Value, error) {
	isExpression, ok := v.expressions[name]
	switch {
	case !ok && !v.broken: // in a file the engine would only warn
		return cty.NilVal, fmt.Errorf("variables: the root module declares no variable %q; declare it, or remove its value", name)
	case !isExpression:
		return cty.StringVal(text), nil
	}
	expr, diags := hclsyntax.ParseExpression([]byte(text), "value", hcl.InitialPos)
	if diags.HasErrors() {
		return cty.NilVal, fmt.Errorf("variables: the value of %q is not an expression, as its type asks for: %s", name, diags[0].Summary)
	}
	value, diags := expr.Value(nil)
	if diags.HasErrors() {
		return cty.NilVal, fmt.Errorf("variables: the value of %q cannot be evaluated: %s", name, diags[0].Summary)
	}
	return value, nil
}

// variableFile is what of a configuration file is about variables.
type variableFile struct {
	Variables []struct {
		Name   string         `hcl:"name,label"`
		Type   *hcl.Attribute `hcl:"type,optional"`
		Remain hcl.Body       `hcl:",remain"`
	} `hcl:"variable,block"`
	Remain hcl.Body `hcl:",remain"`
}

// readVariables reads the declarations, which overrides may add a type to. What is broken is left to the engine.
func readVariables(dir string, kind Kind) (declared variables, err error) {
	names, err := configFiles(dir)
	if err != nil {
		return variables{}, fmt.Errorf("variables: %w", err)
	}
	declared.expressions = map[string]bool{}
	for _, override := range []bool{false, true} {
		for _, name := range names {
			if isOverride(name) != override || !reads(kind, name, names) {
				continue
			}
			var file variableFile
			if err := decodeConfig(filepath.Join(dir, name), &file); err != nil {
				declared.broken = true
				continue
			}
			for _, v := range file.Variables {
				if v.Type != nil || !declared.expressions[v.Name] {
					declared.expressions[v.Name] = v.Type != nil && !isLiteral(v.Type.Expr)
				}
			}
		}
	}
	return declared, nil
}

// isLiteral reports whether -var takes texts of a type as they are.
func isLiteral(expr hcl.Expression) bool {
	word := hcl.ExprAsKeyword(expr)
	return word == "string" || word == "number" || word == "bool"
}

// reads reports whether an engine reads a file: OpenTofu reads x.tofu in place of x.tf.
func reads(kind Kind, name string, all []string) bool {
	if kind != OpenTofu {
		return isTerraformFile(name)
	}
	base, ext, _ := strings.Cut(name, ".tf")
	return !isTerraformFile(name) || !slices.Contains(all, base+".tofu"+ext)
}

// isOverride tells files that are merged into the others.
func isOverride(name string) bool {
	base := name
	for _, suffix := range configSuffixes {
		base = strings.TrimSuffix(base, suffix)
	}
	return base == "override" || strings.HasSuffix(base, "_override")
}
