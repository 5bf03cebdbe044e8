package provider

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// lookup is a data source: M is its state, which find fills in from what the configuration sets.
type lookup[M any] struct {
	kind   string
	schema schema.Schema
	find   func(context.Context, *client, *M) error
	client *client
}

func (d *lookup[M]) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_" + d.kind
}

func (d *lookup[M]) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = d.schema
}

func (d *lookup[M]) Configure(_ context.Context, req datasource.ConfigureRequest, _ *datasource.ConfigureResponse) {
	d.client, _ = req.ProviderData.(*client) // nil while validating
}

func (d *lookup[M]) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	m := new(M)
	if resp.Diagnostics.Append(req.Config.Get(ctx, m)...); resp.Diagnostics.HasError() {
		return
	}
	if err := d.find(ctx, d.client, m); err != nil {
		resp.Diagnostics.AddError(fmt.Sprintf("Find %s", d.kind), err.Error())
		return
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, m)...)
}

type networkData struct {
	ID   types.String `tfsdk:"id"`
	Name types.String `tfsdk:"name"`
	CIDR types.String `tfsdk:"cidr"`
	ARN  types.String `tfsdk:"arn"`
	Tags types.Map    `tfsdk:"tags"`
}

func newNetworkData() datasource.DataSource {
	return &lookup[networkData]{kind: "network", find: findNetwork, schema: schema.Schema{
		Description: "A network that somebody else made, by its name.",
		Attributes: map[string]schema.Attribute{
			"name": schema.StringAttribute{Required: true, Description: "The name that one network has."},
			"id":   schema.StringAttribute{Computed: true, Description: "Its id."},
			"cidr": schema.StringAttribute{Computed: true, Description: "Its addresses."},
			"arn":  schema.StringAttribute{Computed: true, Description: "Its address in the cloud."},
			"tags": schema.MapAttribute{Computed: true, ElementType: types.StringType, Description: "Its tags."},
		},
	}}
}

func findNetwork(ctx context.Context, c *client, m *networkData) error {
	name := m.Name.ValueString()
	if name == "" { // the cloud would return all networks
		return errors.New("the name is empty")
	}
	found, err := c.byName(ctx, "network", name)
	switch {
	case err != nil:
		return err
	case len(found) == 0:
		return fmt.Errorf("there is no network with the name %q; apply the workspace that makes it first", name)
	case len(found) > 1:
		return fmt.Errorf("%d networks have the name %q, among them %s and %s", len(found), name, found[0].ID, found[1].ID)
	}
	o := found[0]
	m.ID, m.CIDR, m.ARN = types.StringValue(o.ID), text(o, "cidr", m.CIDR), text(o, "arn", m.ARN)
	m.Tags = tags(o, types.MapNull(types.StringType))
	return nil
}

type imageData struct {
	ID     types.String `tfsdk:"id"`
	Family types.String `tfsdk:"family"`
	Name   types.String `tfsdk:"name"`
}

func newImageData() datasource.DataSource {
	return &lookup[imageData]{kind: "image", find: findImage, schema: schema.Schema{
		Description: "The latest image of a family. It changes when the cloud's owner publishes one.",
		Attributes: map[string]schema.Attribute{
			"family": schema.StringAttribute{Required: true, Description: "debian or alpine."},
			"id":     schema.StringAttribute{Computed: true, Description: "Its id."},
			"name":   schema.StringAttribute{Computed: true, Description: "Its name, with its version."},
		},
	}}
}

func findImage(ctx context.Context, c *client, m *imageData) error {
	var image struct{ ID, Name string }
	path := "/v1/image?family=" + url.QueryEscape(m.Family.ValueString())
	if err := c.call(ctx, http.MethodGet, path, nil, &image); err != nil {
		return err
	}
	m.ID, m.Name = types.StringValue(image.ID), types.StringValue(image.Name)
	return nil
}
