package provider

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
)

// model is the state of a resource of one kind.
type model interface {
	ident() string
	attributes() map[string]any // what the configuration sets, as the API takes it: nil removes
	fill(object)                // takes over what the API says
}

// modelOf is a pointer to M that is a model.
type modelOf[M any] interface {
	*M
	model
}

// managed is the resource of one kind of object.
type managed[M any, P modelOf[M]] struct {
	kind   string
	schema schema.Schema
	client *client
}

func (r *managed[M, P]) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_" + r.kind
}

func (r *managed[M, P]) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = r.schema
}

func (r *managed[M, P]) Configure(_ context.Context, req resource.ConfigureRequest, _ *resource.ConfigureResponse) {
	r.client, _ = req.ProviderData.(*client) // nil while validating
}

// Create records the object before it waits for it, so that a failure leaves a tainted resource and no lost object.
func (r *managed[M, P]) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	m := P(new(M))
	if resp.Diagnostics.Append(req.Plan.Get(ctx, m)...); resp.Diagnostics.HasError() {
		return
	}
	o, err := r.client.create(ctx, r.kind, m.attributes())
	if err != nil {
		resp.Diagnostics.AddError(fmt.Sprintf("Create %s", r.kind), err.Error())
		return
	}
	m.fill(o)
	if resp.Diagnostics.Append(resp.State.Set(ctx, m)...); resp.Diagnostics.HasError() {
		return
	}
	if _, err = r.client.await(ctx, r.kind, o.ID); err != nil {
		resp.Diagnostics.AddError(fmt.Sprintf("Create %s", r.kind), err.Error())
	}
}

// Read refreshes the state, and drops what is gone.
func (r *managed[M, P]) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	m := P(new(M))
	if resp.Diagnostics.Append(req.State.Get(ctx, m)...); resp.Diagnostics.HasError() {
		return
	}
	o, err := r.client.read(ctx, r.kind, m.ident())
	switch {
	case isNotFound(err):
		resp.State.RemoveResource(ctx)
		return
	case err != nil:
		resp.Diagnostics.AddError(fmt.Sprintf("Read %s %s", r.kind, m.ident()), err.Error())
		return
	}
	m.fill(o)
	resp.Diagnostics.Append(resp.State.Set(ctx, m)...)
}

// Update sends every attribute that is set: the cloud allows one that cannot change as long as it does not.
func (r *managed[M, P]) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	m := P(new(M))
	if resp.Diagnostics.Append(req.Plan.Get(ctx, m)...); resp.Diagnostics.HasError() {
		return
	}
	o, err := r.client.update(ctx, r.kind, m.ident(), m.attributes())
	if err != nil {
		resp.Diagnostics.AddError(fmt.Sprintf("Update %s %s", r.kind, m.ident()), err.Error())
		return
	}
	m.fill(o)
	resp.Diagnostics.Append(resp.State.Set(ctx, m)...)
}

func (r *managed[M, P]) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	m := P(new(M))
	if resp.Diagnostics.Append(req.State.Get(ctx, m)...); resp.Diagnostics.HasError() {
		return
	}
	if err := r.client.remove(ctx, r.kind, m.ident()); err != nil {
		resp.Diagnostics.AddError(fmt.Sprintf("Delete %s %s", r.kind, m.ident()), err.Error())
	}
}

// ImportState takes the object's id.
func (r *managed[M, P]) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	resource.ImportStatePassthroughID(ctx, path.Root("id"), req, resp)
}
