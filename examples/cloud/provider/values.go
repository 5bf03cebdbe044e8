package provider

import (
	"maps"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// The cloud turns what is empty into null, and Terraform wants back what it planned: an empty value that the state has is
// therefore kept when the cloud says null.

// text takes over a string of the cloud.
func text(o object, name string, have types.String) types.String {
	if s, ok := o.Attributes[name].(string); ok {
		return types.StringValue(s)
	}
	if !have.IsNull() && !have.IsUnknown() && have.ValueString() == "" {
		return have
	}
	return types.StringNull()
}

// number takes over a whole number of the cloud.
func number(o object, name string, have types.Int64) types.Int64 {
	if f, ok := o.Attributes[name].(float64); ok {
		return types.Int64Value(int64(f))
	}
	if !have.IsNull() && !have.IsUnknown() && have.ValueInt64() == 0 {
		return have
	}
	return types.Int64Null()
}

// flag takes over a boolean of the cloud; it is never null.
func flag(o object, name string) types.Bool {
	b, _ := o.Attributes[name].(bool)
	return types.BoolValue(b)
}

// tags takes over the tags of the cloud.
func tags(o object, have types.Map) types.Map {
	elements := map[string]attr.Value{}
	given, _ := o.Attributes["tags"].(map[string]any)
	for key, value := range given {
		s, _ := value.(string)
		elements[key] = types.StringValue(s)
	}
	if len(elements) == 0 && (have.IsNull() || have.IsUnknown() || len(have.Elements()) > 0) {
		return types.MapNull(types.StringType)
	}
	return types.MapValueMust(types.StringType, elements)
}

// sent is a value as the API takes it; null and unknown are nil.
func sent(v attr.Value) any {
	if v.IsNull() || v.IsUnknown() {
		return nil
	}
	switch v := v.(type) {
	case types.String:
		return v.ValueString()
	case types.Int64:
		return v.ValueInt64()
	case types.Bool:
		return v.ValueBool()
	case types.Map:
		out := map[string]any{}
		for key, element := range maps.All(v.Elements()) {
			out[key] = sent(element)
		}
		return out
	}
	return nil
}
