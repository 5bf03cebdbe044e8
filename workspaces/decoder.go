package workspaces

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/go-version"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
	"github.com/zclconf/go-cty/cty/gocty"
)

// decoder turns attributes into values and collects what is wrong with them. An absent attribute is the zero value.
type decoder struct {
	filename string // of the file, for paths that are relative to it
	diags    hcl.Diagnostics
}

func (d *decoder) fail(at hcl.Range, summary, format string, args ...any) {
	d.diags = append(d.diags, errorAt(at, summary, format, args...))
}

// wrong reports an attribute's value.
func (d *decoder) wrong(a *hcl.Attribute, format string, args ...any) {
	d.fail(a.Expr.Range(), "Wrong value for "+a.Name, format, args...)
}

// into decodes a into target and reports whether it is there and well-typed.
func (d *decoder) into(a *hcl.Attribute, want cty.Type, target any) bool {
	if a == nil {
		return false
	}
	v, err := constant(a.Expr)
	if err != nil {
		d.wrong(a, "Cannot be used: %s.", err)
		return false
	}
	converted, err := convert.Convert(v, want)
	if err != nil || converted.IsNull() || !converted.IsWhollyKnown() || hasNull(converted) {
		d.wrong(a, "This must be %s.", friendly(want))
		return false
	}
	if err := gocty.FromCtyValue(converted, target); err != nil {
		d.wrong(a, "This must be %s: %s.", friendly(want), err)
		return false
	}
	return true
}

func hasNull(v cty.Value) bool {
	null := false
	_ = cty.Walk(v, func(_ cty.Path, v cty.Value) (bool, error) {
		null = null || v.IsNull()
		return !null, nil
	})
	return null
}

func friendly(t cty.Type) string {
	switch {
	case t == cty.String:
		return "a string"
	case t == cty.Bool:
		return "true or false"
	case t == cty.Number:
		return "a whole number"
	case t.IsListType():
		return "a list of strings, such as [\"a\", \"b\"]"
	default:
		return "a map of strings, such as { name = \"value\" }"
	}
}

func (d *decoder) text(a *hcl.Attribute) (s string) {
	if d.into(a, cty.String, &s) && s == "" {
		d.wrong(a, "This must not be empty. Leave it out instead.")
	}
	return s
}

func (d *decoder) boolean(a *hcl.Attribute) *bool {
	var b bool
	if !d.into(a, cty.Bool, &b) {
		return nil
	}
	return &b
}

const (
	maxCount = 1 << 20
	maxID    = 1 << 50 // of what forges number
)

// count reads a whole number that is at least 1.
func (d *decoder) count(a *hcl.Attribute) *int { return d.whole(a, 1, maxCount) }

func (d *decoder) whole(a *hcl.Attribute, least, most float64) *int {
	var f float64
	if !d.into(a, cty.Number, &f) {
		return nil
	}
	if f != math.Trunc(f) || f < least || f > most {
		d.wrong(a, "This must be a whole number from %.0f on.", least)
		return nil
	}
	return new(int(f))
}

// list reads a list of strings that are not empty, each checked by check (which may be nil). A list that is set is never nil.
func (d *decoder) list(a *hcl.Attribute, check func(string) error) []string {
	var all []string
	if !d.into(a, cty.List(cty.String), &all) {
		return nil
	}
	for _, s := range all {
		if s == "" {
			d.wrong(a, "An element must not be empty.")
		} else if check != nil {
			if err := check(s); err != nil {
				d.wrong(a, "%s.", err)
			}
		}
	}
	return append([]string{}, all...)
}

func (d *decoder) stringMap(a *hcl.Attribute) (m map[string]string) {
	d.into(a, cty.Map(cty.String), &m)
	return m
}

// oneOf reads one of the known words.
func (d *decoder) oneOf(a *hcl.Attribute, known ...string) string {
	if s := d.text(a); s != "" && d.isKnown(a, s, known...) {
		return s
	}
	return ""
}

func (d *decoder) isKnown(a *hcl.Attribute, word string, known ...string) bool {
	if slices.Contains(known, word) {
		return true
	}
	d.wrong(a, "%q is not known here; it must be one of %s.%s", word, quoted(known), didYouMean(word, known...))
	return false
}

func (d *decoder) duration(a *hcl.Attribute) *time.Duration {
	s := d.text(a)
	if s == "" {
		return nil
	}
	t, err := time.ParseDuration(s)
	if days, whole := strings.CutSuffix(s, "d"); whole {
		var n uint64
		n, err = strconv.ParseUint(days, 10, 16) // 179 years
		t = time.Duration(n) * 24 * time.Hour
	}
	if err != nil || t < 0 {
		d.wrong(a, "%q is not a duration. Write it like \"30s\", \"15m\", \"24h\" or \"90d\".", s)
		return nil
	}
	return &t
}

func (d *decoder) constraint(a *hcl.Attribute) string {
	s := d.text(a)
	if s == "" {
		return ""
	}
	if _, err := version.NewConstraint(s); err != nil {
		d.wrong(a, "%q is not a version constraint. Write it like \"1.9.5\" or \"~> 1.9\".", s)
	}
	return s
}

// variables reads values of any type into what -var takes: a string as it is, anything else as an HCL expression.
func (d *decoder) variables(a *hcl.Attribute) map[string]string {
	if a == nil {
		return nil
	}
	v, err := constant(a.Expr)
	if err != nil {
		d.wrong(a, "Cannot be used: %s.", err)
		return nil
	}
	if v.IsNull() || !v.Type().IsObjectType() {
		d.wrong(a, "This must be a map of variables, such as { region = \"eu-west-1\" }.")
		return nil
	}
	all := map[string]string{}
	for name, value := range v.AsValueMap() {
		if value.IsNull() {
			d.wrong(a, "The value of %q is null. Leave the variable out instead.", name)
			continue
		}
		all[name] = argument(value)
	}
	return all
}

func argument(v cty.Value) string {
	if v.Type() == cty.String {
		return v.AsString()
	}
	return string(hclwrite.TokensForValue(v).Bytes())
}
