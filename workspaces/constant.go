package workspaces

import (
	"errors"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
)

var (
	errNotConstant = errors.New("only a plain value may stand here: no reference, function, interpolation or arithmetic")
	errHugeNumber  = errors.New("a number here is too large or too small")
)

// constant returns the value of an expression that is a plain value. Nothing is evaluated: expressions come from other
// people's pull requests, and nested loops or 1e999999999 as text would keep the process busy for ever.
func constant(e hcl.Expression) (cty.Value, error) {
	if native, ok := e.(hclsyntax.Expression); ok && !isConstant(native) {
		return cty.NilVal, errNotConstant
	}
	v, diags := e.Value(nil)
	if diags.HasErrors() || !v.IsWhollyKnown() {
		return cty.NilVal, errNotConstant
	}
	err := cty.Walk(v, func(_ cty.Path, v cty.Value) (bool, error) {
		if v.IsNull() || v.Type() != cty.Number {
			return true, nil
		}
		if exponent := v.AsBigFloat().MantExp(nil); exponent > 1<<12 || exponent < -1<<12 {
			return false, errHugeNumber
		}
		return true, nil
	})
	return v, err
}

func isConstant(e hclsyntax.Expression) bool {
	switch e := e.(type) {
	case *hclsyntax.LiteralValueExpr:
		return true
	case *hclsyntax.TemplateExpr:
		return e.IsStringLiteral() || len(e.Parts) == 0 || allConstant(e.Parts)
	case *hclsyntax.TupleConsExpr:
		return allConstant(e.Exprs)
	case *hclsyntax.ObjectConsExpr:
		for _, item := range e.Items {
			if !isConstant(item.KeyExpr) || !isConstant(item.ValueExpr) {
				return false
			}
		}
		return true
	case *hclsyntax.ObjectConsKeyExpr:
		return hcl.ExprAsKeyword(e) != "" || isConstant(e.Wrapped)
	case *hclsyntax.ParenthesesExpr:
		return isConstant(e.Expression)
	case *hclsyntax.UnaryOpExpr:
		return isConstant(e.Val)
	}
	return false
}

func allConstant(all []hclsyntax.Expression) bool {
	for _, e := range all {
		if !isConstant(e) {
			return false
		}
	}
	return true
}

// literal returns a plain value as a string.
func literal(e hcl.Expression) (string, bool) {
	v, err := constant(e)
	if err != nil || v.IsNull() {
		return "", false
	}
	s, err := convert.Convert(v, cty.String)
	if err != nil || s.IsNull() {
		return "", false
	}
	return s.AsString(), true
}
