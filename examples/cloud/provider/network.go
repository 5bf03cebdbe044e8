package provider

import (
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

type network struct {
	common
	CIDR types.String `tfsdk:"cidr"`
}

func newNetwork() resource.Resource {
	return &managed[network, *network]{kind: "network", schema: schemaOf("A network that servers are in.", map[string]schema.Attribute{
		"cidr": fixed("Its addresses, such as 10.0.0.0/16."),
	})}
}

func (n *network) attributes() map[string]any {
	return map[string]any{"name": sent(n.Name), "tags": sent(n.Tags), "cidr": sent(n.CIDR)}
}

func (n *network) fill(o object) {
	n.fillCommon(o)
	n.CIDR = text(o, "cidr", n.CIDR)
}
