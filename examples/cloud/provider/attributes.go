package provider

import (
	"maps"

	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// common are the attributes that every resource has; models embed them.
type common struct {
	ID        types.String `tfsdk:"id"`
	Name      types.String `tfsdk:"name"`
	Tags      types.Map    `tfsdk:"tags"`
	ARN       types.String `tfsdk:"arn"`
	CreatedAt types.String `tfsdk:"created_at"`
	Revision  types.Int64  `tfsdk:"revision"`
}

func (c *common) ident() string { return c.ID.ValueString() }

func (c *common) fillCommon(o object) {
	c.ID = types.StringValue(o.ID)
	c.Name = text(o, "name", c.Name)
	c.Tags = tags(o, c.Tags)
	c.ARN = text(o, "arn", c.ARN)
	c.CreatedAt = text(o, "created_at", c.CreatedAt)
	c.Revision = number(o, "revision", c.Revision)
}

// schemaOf is the schema of a kind: the common attributes and its own, which win.
func schemaOf(description string, own map[string]schema.Attribute) schema.Schema {
	attributes := map[string]schema.Attribute{
		"id":         kept("The object's id."),
		"name":       schema.StringAttribute{Required: true, Description: "A name; it need not be unique."},
		"tags":       schema.MapAttribute{Optional: true, ElementType: types.StringType, Description: "Tags."},
		"arn":        kept("The object's address in the cloud."),
		"created_at": kept("When it was made, RFC 3339."),
		"revision":   schema.Int64Attribute{Computed: true, Description: "Counts the changes of the object, by whomever."},
	}
	maps.Copy(attributes, own)
	return schema.Schema{Description: description, Attributes: attributes}
}

// kept is a string that the cloud sets once.
func kept(description string) schema.StringAttribute {
	return schema.StringAttribute{
		Computed: true, Description: description,
		PlanModifiers: []planmodifier.String{stringplanmodifier.UseStateForUnknown()},
	}
}

// fixed is a string that the cloud never changes: another value needs another object.
func fixed(description string) schema.StringAttribute {
	return schema.StringAttribute{
		Required: true, Description: description,
		PlanModifiers: []planmodifier.String{stringplanmodifier.RequiresReplace()},
	}
}
