package cloud

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
)

// kind is what objects of one kind are made of.
type kind struct {
	prefix     string // of ids
	attributes map[string]attribute
}

// attribute is one attribute of a kind.
type attribute struct {
	check    func(any) (any, error) // returns the canonical value
	required bool
	forceNew bool // cannot be changed by an update
	computed bool // set by the server alone
	secret   bool // masked in what is shown of the journal
	hidden   bool // accepted, never returned
	standard any  // the value when none is given
}

var kinds = map[string]kind{
	"network": withCommon("net", map[string]attribute{
		"cidr": {check: cidr, required: true, forceNew: true},
	}),
	"server": withCommon("srv", map[string]attribute{
		"network_id":    {check: text, required: true, forceNew: true},
		"image":         {check: text, required: true, forceNew: true},
		"size":          {check: oneOf("small", "medium", "large", "xlarge"), standard: "small"},
		"user_data":     {check: text},
		"ip":            {check: text, computed: true},
		"root_password": {check: text, computed: true, secret: true},
	}),
	"bucket": withCommon("bkt", map[string]attribute{
		"name":           {check: text, required: true, forceNew: true},
		"versioning":     {check: flag, standard: false},
		"public":         {check: flag, standard: false},
		"lifecycle_days": {check: number(0, 36500)},
	}),
	"database": withCommon("db", map[string]attribute{
		"engine":               {check: oneOf("postgres", "mysql"), required: true, forceNew: true},
		"size_gb":              {check: number(1, 65536), required: true},
		"password":             {check: text, secret: true, hidden: true},
		"password_fingerprint": {check: text, computed: true},
		"endpoint":             {check: text, computed: true},
	}),
}

// withCommon adds the attributes that every kind has; those of the kind itself win.
func withCommon(prefix string, own map[string]attribute) kind {
	all := map[string]attribute{
		"name":       {check: text, required: true},
		"tags":       {check: tags},
		"arn":        {check: text, computed: true},
		"created_at": {check: text, computed: true},
		"revision":   {check: number(0, 1<<53), computed: true},
	}
	maps.Copy(all, own)
	return kind{prefix: prefix, attributes: all}
}

// canonical checks the attributes that a caller gave and returns them as they are stored. What is empty becomes null, as
// clouds do: "", {} and a number 0 where zero means none.
func (k kind) canonical(given map[string]any, mayCompute bool) (map[string]any, error) {
	out := map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		a, ok := k.attributes[name]
		if !ok || (a.computed && !mayCompute) {
			return nil, invalid("attribute %q cannot be set; there are %s", name, strings.Join(k.settable(), ", "))
		}
		value := given[name]
		if value != nil {
			var err error
			if value, err = a.check(value); err != nil {
				return nil, invalid("attribute %q: %s", name, err)
			}
		}
		out[name] = value
	}
	return out, nil
}

// complete checks that nothing that is required is missing.
func (k kind) complete(attributes map[string]any) error {
	for _, name := range slices.Sorted(maps.Keys(k.attributes)) {
		if k.attributes[name].required && attributes[name] == nil {
			return invalid("attribute %q is required", name)
		}
	}
	return nil
}

func (k kind) settable() []string {
	var names []string
	for name, a := range k.attributes {
		if !a.computed {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func text(v any) (any, error) {
	s, ok := v.(string)
	if !ok {
		return nil, fmt.Errorf("want a string, not %v", v)
	}
	if s == "" {
		return nil, nil
	}
	return s, nil
}

func oneOf(allowed ...string) func(any) (any, error) {
	return func(v any) (any, error) {
		if s, ok := v.(string); !ok || !slices.Contains(allowed, s) {
			return nil, fmt.Errorf("want one of %s, not %v", strings.Join(allowed, ", "), v)
		}
		return v, nil
	}
}

func flag(v any) (any, error) {
	if _, ok := v.(bool); !ok {
		return nil, fmt.Errorf("want true or false, not %v", v)
	}
	return v, nil
}

// number accepts whole numbers. Numbers are float64, as encoding/json reads them.
func number(low, high float64) func(any) (any, error) {
	return func(v any) (any, error) {
		if i, ok := v.(int); ok {
			v = float64(i)
		}
		f, ok := v.(float64)
		if !ok || f != float64(int64(f)) || f < low || f > high {
			return nil, fmt.Errorf("want a whole number from %.0f to %.0f, not %v", low, high, v)
		}
		if f == 0 {
			return nil, nil
		}
		return f, nil
	}
}

func tags(v any) (any, error) {
	if m, ok := v.(map[string]string); ok {
		v = widen(m)
	}
	m, ok := v.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("want an object of strings, not %v", v)
	}
	for key, value := range m {
		if _, ok := value.(string); !ok {
			return nil, fmt.Errorf("tag %q: want a string, not %v", key, value)
		}
	}
	if len(m) == 0 {
		return nil, nil
	}
	return maps.Clone(m), nil
}

func widen(m map[string]string) map[string]any {
	out := make(map[string]any, len(m))
	for k, v := range m {
		out[k] = v
	}
	return out
}

func cidr(v any) (any, error) {
	s, _ := v.(string)
	prefix, err := netip.ParsePrefix(s)
	switch {
	case err != nil:
		return nil, fmt.Errorf("want an IPv4 network such as 10.0.0.0/16, not %v", v)
	case !prefix.Addr().Is4() || prefix.Bits() < 8 || prefix.Bits() > 28:
		return nil, fmt.Errorf("%s: want IPv4 and a prefix of 8 to 28 bits", s)
	case prefix != prefix.Masked():
		return nil, fmt.Errorf("%s has host bits set; the network is %s", s, prefix.Masked())
	}
	return s, nil
}
