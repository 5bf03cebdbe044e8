package provider

import (
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

type bucket struct {
	common
	Versioning    types.Bool  `tfsdk:"versioning"`
	Public        types.Bool  `tfsdk:"public"`
	LifecycleDays types.Int64 `tfsdk:"lifecycle_days"`
}

func newBucket() resource.Resource {
	return &managed[bucket, *bucket]{kind: "bucket", schema: schemaOf("A bucket of objects.", map[string]schema.Attribute{
		"name":           fixed("Its name; another name is another bucket."),
		"versioning":     schema.BoolAttribute{Optional: true, Computed: true, Default: booldefault.StaticBool(false), Description: "Whether it keeps versions."},
		"public":         schema.BoolAttribute{Optional: true, Computed: true, Default: booldefault.StaticBool(false), Description: "Whether everybody can read it."},
		"lifecycle_days": schema.Int64Attribute{Optional: true, Description: "Objects are deleted after so many days; 0 or none: never."},
	})}
}

func (b *bucket) attributes() map[string]any {
	return map[string]any{
		"name": sent(b.Name), "tags": sent(b.Tags), "versioning": sent(b.Versioning), "public": sent(b.Public),
		"lifecycle_days": sent(b.LifecycleDays),
	}
}

func (b *bucket) fill(o object) {
	b.fillCommon(o)
	b.Versioning = flag(o, "versioning")
	b.Public = flag(o, "public")
	b.LifecycleDays = number(o, "lifecycle_days", b.LifecycleDays)
}
