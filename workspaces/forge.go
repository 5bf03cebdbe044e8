package workspaces

import (
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/hashicorp/hcl/v2"
)

// The kinds of forges, and the word for a plain Git server.
const (
	gitHub  = "github"
	gitea   = "gitea"
	noForge = "none"
)

// forges decodes the github and gitea blocks, which share their names.
func (d *decoder) forges(body operatorBody) []Forge {
	var all []Forge
	names := map[string]hcl.Range{}
	for _, kind := range []string{gitHub, gitea} {
		blocks := map[string][]forgeBlock{gitHub: body.GitHub, gitea: body.Gitea}[kind]
		for _, b := range blocks {
			d.unique(names, "forge", b.Name, b.Range)
			all = append(all, d.forge(kind, b))
			if b.Webhook != nil && body.HTTP == nil {
				d.diags = append(d.diags, warningAt(b.Webhook.Range, "Nothing listens for webhooks", "Without an http block no port is opened: add http { listen = \"127.0.0.1:8080\" }, or remove webhook_secret. Polling needs neither."))
			}
		}
	}
	return all
}

func (d *decoder) forge(kind string, b forgeBlock) Forge {
	if !repositoryName.MatchString(b.Name) || b.Name == noForge {
		d.fail(b.Range, "Wrong forge name", "%q must be letters, digits and . _ - only, and not %q, which stands for a plain Git server.", b.Name, noForge)
	}
	switch {
	case b.App != nil && kind != gitHub:
		d.fail(b.App.Range, "No Apps here", "Only GitHub has Apps. Give a token: token { env = \"GITEA_TOKEN\" }.")
	case b.App != nil && b.Token != nil:
		d.fail(b.App.Range, "Two sign-ins", "Set exactly one of token and app.")
	case b.App == nil && b.Token == nil && kind == gitHub:
		d.fail(b.Range, "No sign-in", "Set exactly one of token, such as token { env = \"GITHUB_TOKEN\" }, and app.")
	case b.App == nil && b.Token == nil:
		d.fail(b.Range, "No sign-in", "It needs a token, such as token { env = \"GITEA_TOKEN\" }.")
	}
	return Forge{
		Kind: kind, Name: b.Name, URL: d.forgeURL(kind, b), Token: d.secret(b.Token), App: d.app(b.App), Webhook: d.secret(b.Webhook),
		Pause: d.duration(b.Pause), Range: b.Range,
	}
}

func (d *decoder) app(b *appBlock) *App {
	if b == nil {
		return nil
	}
	a := &App{}
	if b.ID == nil {
		d.fail(b.Range, "Missing id", "Set id to the App ID that the App's page shows, a number.")
	}
	if n := d.whole(b.ID, 1, maxID); n != nil {
		a.ID = int64(*n)
	}
	if n := d.whole(b.Installation, 1, maxID); n != nil {
		a.Installation = int64(*n)
	}
	if b.PrivateKey == nil {
		d.fail(b.Range, "Missing private_key", "An App signs in with a key that GitHub generates on the App's page: private_key { file = \"/run/secrets/app.pem\" }.")
		return a
	}
	a.PrivateKey = *d.secret(b.PrivateKey)
	return a
}

// forgeURL reads where people see the forge. It never quotes the URL, which may hold a password.
func (d *decoder) forgeURL(kind string, b forgeBlock) string {
	if b.URL == nil && kind == gitHub {
		return "https://github.com"
	}
	if b.URL == nil {
		d.fail(b.Range, "Missing url", "Set url to the address that people open, such as \"https://git.example.com\".")
		return ""
	}
	raw := d.literal(b.URL)
	if raw == "" {
		return ""
	}
	u, err := url.Parse(raw)
	switch {
	case err != nil || u.Scheme == "" || u.Opaque != "":
		d.wrong(b.URL, "This is not a URL. Write it like \"https://git.example.com\".")
	case !slices.Contains([]string{"https", "http"}, u.Scheme):
		d.wrong(b.URL, "URLs of the kind %s:// are not supported.%s", u.Scheme, didYouMean(u.Scheme, "https", "http"))
	case u.Hostname() == "":
		d.wrong(b.URL, "The URL names no host. Write it like \"https://git.example.com\".")
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		d.wrong(b.URL, "Only host and path belong here; what signs in belongs in the block token or app.")
	case isAPI(u):
		d.wrong(b.URL, "This is the address of the API. Set the one that people open, such as \"https://git.example.com\".")
	case u.Scheme == "http" && !isLoopback(u.Hostname()):
		d.wrong(b.URL, "Over http:// the sign-in would travel in clear text. Use https://.")
	default:
		return u.Scheme + "://" + strings.ToLower(u.Host) + strings.TrimRight(u.Path, "/")
	}
	return ""
}

func isAPI(u *url.URL) bool {
	path := strings.TrimRight(u.Path, "/")
	return strings.EqualFold(u.Hostname(), "api.github.com") || strings.HasSuffix(path, "/api/v3") || strings.HasSuffix(path, "/api/v1")
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}

func (d *decoder) http(b *httpBlock) *HTTP {
	if b == nil {
		return nil
	}
	if b.Listen == nil {
		d.fail(b.Range, "Missing listen", "Say where: listen = \"127.0.0.1:8080\".")
	}
	listen := d.literal(b.Listen)
	if listen == "" {
		return &HTTP{}
	}
	host, port, err := net.SplitHostPort(listen)
	if _, wrong := strconv.ParseUint(port, 10, 16); err != nil || wrong != nil || host == "" {
		d.wrong(b.Listen, "%q is not host:port. Write \"127.0.0.1:8080\", or \"0.0.0.0:8080\" for every address of this machine.", listen)
	}
	return &HTTP{Listen: listen}
}
