package provider

import (
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

type server struct {
	common
	NetworkID    types.String `tfsdk:"network_id"`
	Image        types.String `tfsdk:"image"`
	Size         types.String `tfsdk:"size"`
	UserData     types.String `tfsdk:"user_data"`
	IP           types.String `tfsdk:"ip"`
	RootPassword types.String `tfsdk:"root_password"`
}

func newServer() resource.Resource {
	password := kept("The password that the cloud made.")
	password.Sensitive = true
	return &managed[server, *server]{kind: "server", schema: schemaOf("A server in a network.", map[string]schema.Attribute{
		"network_id":    fixed("The id of its network."),
		"image":         fixed("The id of the image that it starts from."),
		"size":          schema.StringAttribute{Optional: true, Computed: true, Default: stringdefault.StaticString("small"), Description: "small, medium, large or xlarge."},
		"user_data":     schema.StringAttribute{Optional: true, Description: "What the server does when it starts."},
		"ip":            kept("Its address in the network."),
		"root_password": password,
	})}
}

func (s *server) attributes() map[string]any {
	return map[string]any{
		"name": sent(s.Name), "tags": sent(s.Tags), "network_id": sent(s.NetworkID), "image": sent(s.Image),
		"size": sent(s.Size), "user_data": sent(s.UserData),
	}
}

func (s *server) fill(o object) {
	s.fillCommon(o)
	s.NetworkID = text(o, "network_id", s.NetworkID)
	s.Image = text(o, "image", s.Image)
	s.Size = text(o, "size", s.Size)
	s.UserData = text(o, "user_data", s.UserData)
	s.IP = text(o, "ip", s.IP)
	s.RootPassword = text(o, "root_password", s.RootPassword)
}
