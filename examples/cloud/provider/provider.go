// Package provider is the Terraform provider of the simulated cloud, driftless.local/driftless/cloud. There is no binary of
// its own: any program that calls Serve when IsPlugin says so can be installed as the provider, driftless among them.
package provider

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"os"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// Source is the provider's source address, as required_providers names it.
const Source = "driftless.local/driftless/cloud"

// Version is the only version there is.
const Version = "0.1.0"

// defaultTimeout is how long the provider tries again what is throttled or not visible yet.
const defaultTimeout = 30 * time.Second

// cloudProvider configures a client for the resources and data sources.
type cloudProvider struct{}

type settings struct {
	Endpoint types.String `tfsdk:"endpoint"`
	Token    types.String `tfsdk:"token"`
	Timeout  types.String `tfsdk:"timeout"`
}

func (cloudProvider) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName, resp.Version = "cloud", Version
}

func (cloudProvider) Schema(_ context.Context, _ provider.SchemaRequest, resp *provider.SchemaResponse) {
	resp.Schema = schema.Schema{
		Description: "The simulated cloud of driftless.",
		Attributes: map[string]schema.Attribute{
			"endpoint": schema.StringAttribute{Optional: true, Description: "URL of the cloud; default: CLOUD_ENDPOINT."},
			"token":    schema.StringAttribute{Optional: true, Sensitive: true, Description: "Token of the cloud; default: CLOUD_TOKEN."},
			"timeout":  schema.StringAttribute{Optional: true, Description: "How long to try again what is throttled or not visible yet; default: 30s."},
		},
	}
}

func (cloudProvider) Configure(ctx context.Context, req provider.ConfigureRequest, resp *provider.ConfigureResponse) {
	var s settings
	if resp.Diagnostics.Append(req.Config.Get(ctx, &s)...); resp.Diagnostics.HasError() {
		return
	}
	c, err := newClient(s)
	if err != nil {
		resp.Diagnostics.AddError("Configure the cloud provider", err.Error())
		return
	}
	resp.ResourceData, resp.DataSourceData = c, c
}

// newClient makes a client from the provider block and the environment, the block first.
func newClient(s settings) (*client, error) {
	if s.Endpoint.IsUnknown() || s.Token.IsUnknown() || s.Timeout.IsUnknown() {
		return nil, fmt.Errorf("endpoint, token and timeout must be known when planning; they cannot come from a resource that does not exist yet")
	}
	c := &client{
		endpoint: s.Endpoint.ValueString(), token: s.Token.ValueString(), run: cmp.Or(os.Getenv("CLOUD_RUN"), os.Getenv("DRIFTLESS_RUN")), timeout: defaultTimeout,
	}
	if c.endpoint == "" {
		c.endpoint = os.Getenv("CLOUD_ENDPOINT")
	}
	if c.token == "" {
		c.token = os.Getenv("CLOUD_TOKEN")
	}
	if c.endpoint == "" {
		return nil, fmt.Errorf("no endpoint: set endpoint in the provider block, or CLOUD_ENDPOINT in the engine's environment")
	}
	if u, err := url.Parse(c.endpoint); err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return nil, fmt.Errorf("endpoint %q is not a URL such as http://127.0.0.1:8080", c.endpoint)
	}
	if t := s.Timeout.ValueString(); t != "" {
		d, err := time.ParseDuration(t)
		if err != nil || d <= 0 {
			return nil, fmt.Errorf("timeout %q is not a duration such as 30s", t)
		}
		c.timeout = d
	}
	return c, nil
}

func (cloudProvider) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{newNetwork, newServer, newBucket, newDatabase}
}

func (cloudProvider) DataSources(context.Context) []func() datasource.DataSource {
	return []func() datasource.DataSource{newNetworkData, newImageData}
}
