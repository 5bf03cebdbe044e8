package provider

import (
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

type database struct {
	common
	Engine      types.String `tfsdk:"engine"`
	SizeGB      types.Int64  `tfsdk:"size_gb"`
	Password    types.String `tfsdk:"password"`
	Fingerprint types.String `tfsdk:"password_fingerprint"`
	Endpoint    types.String `tfsdk:"endpoint"`
}

func newDatabase() resource.Resource {
	return &managed[database, *database]{kind: "database", schema: schemaOf("A database.", map[string]schema.Attribute{
		"engine":               fixed("postgres or mysql."),
		"size_gb":              schema.Int64Attribute{Required: true, Description: "Its size, in GB."},
		"password":             schema.StringAttribute{Optional: true, Sensitive: true, Description: "Its password; the cloud never returns it."},
		"password_fingerprint": schema.StringAttribute{Computed: true, Description: "Tells whether the password is still the same."},
		"endpoint":             kept("Where it is reached."),
	})}
}

func (d *database) attributes() map[string]any {
	return map[string]any{
		"name": sent(d.Name), "tags": sent(d.Tags), "engine": sent(d.Engine), "size_gb": sent(d.SizeGB), "password": sent(d.Password),
	}
}

// fill finds a password that was changed out of band by its fingerprint: which one it is, nobody can say, so it becomes null.
func (d *database) fill(o object) {
	d.fillCommon(o)
	d.Engine = text(o, "engine", d.Engine)
	d.SizeGB = number(o, "size_gb", d.SizeGB)
	fingerprint := text(o, "password_fingerprint", types.StringNull())
	if !d.Fingerprint.IsUnknown() && !d.Fingerprint.Equal(fingerprint) {
		d.Password = types.StringNull()
	}
	d.Fingerprint = fingerprint
	d.Endpoint = text(o, "endpoint", d.Endpoint)
}
