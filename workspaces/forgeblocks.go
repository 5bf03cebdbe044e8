package workspaces

import "github.com/hashicorp/hcl/v2"

// forgeBlock is a github or a gitea block.
type forgeBlock struct {
	Name    string         `hcl:"name,label"`
	URL     *hcl.Attribute `hcl:"url,optional"`
	Token   *secretBlock   `hcl:"token,block"`
	App     *appBlock      `hcl:"app,block"`
	Webhook *secretBlock   `hcl:"webhook_secret,block"`
	Pause   *hcl.Attribute `hcl:"write_pause,optional"`
	Range   hcl.Range      `hcl:",def_range"`
}

type appBlock struct {
	ID           *hcl.Attribute `hcl:"id"`
	Installation *hcl.Attribute `hcl:"installation,optional"`
	PrivateKey   *secretBlock   `hcl:"private_key,block"`
	Range        hcl.Range      `hcl:",def_range"`
}

type httpBlock struct {
	Listen *hcl.Attribute `hcl:"listen"`
	Range  hcl.Range      `hcl:",def_range"`
}

type permissionsBody struct {
	Plan    *hcl.Attribute `hcl:"plan,optional"`
	Apply   *hcl.Attribute `hcl:"apply,optional"`
	Approve *hcl.Attribute `hcl:"approve,optional"`
}
