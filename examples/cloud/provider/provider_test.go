package provider_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/driftlessops/driftless/examples/cloud"
)

const everything = `
resource "cloud_network" "main" {
  name = "main"
  cidr = "10.0.0.0/16"
  tags = {}
}

data "cloud_image" "debian" {
  family = "debian"
}

resource "cloud_server" "web" {
  name       = "web"
  network_id = cloud_network.main.id
  image      = data.cloud_image.debian.id
  user_data  = ""
  tags       = { owner = "shop" }
}

resource "cloud_bucket" "assets" {
  name           = "assets"
  lifecycle_days = 0
}

resource "cloud_database" "orders" {
  name     = "orders"
  engine   = "postgres"
  size_gb  = 20
  password = "correct horse battery staple"
}

output "password" {
  value     = cloud_server.web.root_password
  sensitive = true
}
`

const bucket = `
resource "cloud_bucket" "b" {
  name = "b"
  tags = { owner = "shop" }
}
`

// TestLife takes everything there is from init to destroy, with what clouds make null, and reads that see late.
func TestLife(t *testing.T) {
	t.Parallel()
	e := newEngine(t, everything, cloud.Faults{EventualReads: 2})
	e.apply()
	e.wantPlan()
	if run := e.Journal()[0].Run; run != "run-1" {
		t.Errorf("the journal says %q for the run", run)
	}
	e.write(strings.ReplaceAll(everything, `size_gb  = 20`, `size_gb  = 30`))
	e.wantPlan("update cloud_database.orders")
	e.apply()
	e.wantPlan()
	if size := e.object("database").Attributes["size_gb"]; size != 30.0 {
		t.Errorf("size_gb is %v", size)
	}
	if _, err := e.PublishImage("debian", "debian-12.2"); err != nil {
		t.Fatal(err)
	}
	e.wantPlan("delete+create cloud_server.web")
	e.ok("destroy", "-no-color", "-auto-approve")
	if left := e.Objects(); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
}

// TestDrift shows out-of-band edits of every sort, and the one that is no drift.
func TestDrift(t *testing.T) {
	t.Parallel()
	e := newEngine(t, everything, cloud.Faults{})
	e.apply()
	edit := func(kind string, attributes map[string]any) {
		t.Helper()
		if _, err := e.Edit(kind, e.object(kind).ID, attributes); err != nil {
			t.Fatal(err)
		}
	}
	edit("server", map[string]any{"size": "xlarge"})
	edit("bucket", map[string]any{"public": true, "lifecycle_days": 7})
	edit("database", map[string]any{"password": "changed in a console"})
	if changes, drift := e.plan(); len(drift) != 3 || !slices.Equal(changes, []string{
		"update cloud_bucket.assets", "update cloud_database.orders", "update cloud_server.web",
	}) {
		t.Fatalf("changes %q, drift %q", changes, drift)
	}
	e.apply()
	e.wantPlan()

	edit("network", nil) // only the revision moves
	if changes, drift := e.plan(); len(changes) != 0 || len(drift) > 1 {
		t.Errorf("changes %q, drift %q", changes, drift)
	}
	edit("network", map[string]any{"cidr": "10.7.0.0/16"})
	e.wantPlan("delete+create cloud_network.main", "delete+create cloud_server.web")
	if err := e.Delete("bucket", "assets"); err != nil {
		t.Fatal(err)
	}
	if changes, _ := e.plan(); !slices.Contains(changes, "create cloud_bucket.assets") {
		t.Errorf("changes %q", changes)
	}
}

// TestPartialFailure leaves what was made in the state, and the rest to be made.
func TestPartialFailure(t *testing.T) {
	t.Parallel()
	two := `
resource "cloud_bucket" "a" { name = "a" }
resource "cloud_bucket" "b" {
  name       = "b"
  depends_on = [cloud_bucket.a]
}
`
	e := newEngine(t, two, cloud.Faults{Rules: []cloud.Rule{{Op: "create", Name: "b", Status: 500}}})
	e.fails("Whether the bucket was made is unknown")
	e.wantPlan("create cloud_bucket.b")
	e.apply()
	if got := e.journal(); !slices.Equal(got, []string{"create bucket", "create bucket"}) {
		t.Errorf("journal: %q", got)
	}
}

// TestLostCreate makes an object that the engine never hears of: the next apply makes another one.
func TestLostCreate(t *testing.T) {
	t.Parallel()
	e := newEngine(t, bucket, cloud.Faults{Rules: []cloud.Rule{{Op: "create", After: true, Status: 500}}})
	e.fails("Whether the bucket was made is unknown")
	e.apply()
	if got := len(e.Objects()); got != 2 {
		t.Errorf("there are %d buckets, want two", got)
	}
}

// TestNeverVisible leaves a tainted resource, so that the object is not lost.
func TestNeverVisible(t *testing.T) {
	t.Parallel()
	e := newEngine(t, "provider \"cloud\" {\n  timeout = \"200ms\"\n}\n"+bucket, cloud.Faults{EventualReads: 1 << 30})
	e.fails("was made and cannot be read after 200ms")
	e.SetFaults(cloud.Faults{})
	e.wantPlan("delete+create cloud_bucket.b")
}

func TestThrottlingAndBrokenReads(t *testing.T) {
	t.Parallel()
	e := newEngine(t, bucket, cloud.Faults{Rules: []cloud.Rule{
		{Op: "create", Times: 3, Status: 429}, {Op: "create", Status: 503}, {Op: "read", Times: 2, Status: 500},
	}})
	e.apply()
	e.wantPlan()
	if left := e.Faults().Rules; len(left) != 0 {
		t.Errorf("faults that were not met: %+v", left)
	}
	if got := len(e.Objects()); got != 1 {
		t.Errorf("there are %d buckets", got)
	}
	e.write("provider \"cloud\" {\n  timeout = \"100ms\"\n}\n" + bucket)
	e.SetFaults(cloud.Faults{Rules: []cloud.Rule{{Times: -1, Status: 429, RetryAfter: 3600}}})
	e.fails("the cloud answered 429") // at once: the wait would be longer than the timeout
}

func TestImport(t *testing.T) {
	t.Parallel()
	e := newEngine(t, bucket, cloud.Faults{})
	o, err := e.Create("bucket", map[string]any{"name": "b", "tags": map[string]string{"owner": "shop"}})
	if err != nil {
		t.Fatal(err)
	}
	e.ok("import", "-no-color", "cloud_bucket.b", o.ID)
	e.wantPlan()
	if out, code := e.do("import", "-no-color", "cloud_bucket.c", "bkt-0"); code == 0 {
		t.Errorf("what is not there was imported: %s", out)
	}
}

func TestReplaceAndConflict(t *testing.T) {
	t.Parallel()
	e := newEngine(t, everything, cloud.Faults{})
	e.apply()
	before := e.object("network").ID
	if _, err := e.Create("server", map[string]any{"name": "foreign", "network_id": before, "image": "i"}); err != nil {
		t.Fatal(err)
	}
	e.write(strings.ReplaceAll(everything, "10.0.0.0/16", "10.3.0.0/16"))
	e.wantPlan("delete+create cloud_network.main", "delete+create cloud_server.web")
	e.fails("409 Conflict")
	if err := e.Delete("server", "foreign"); err != nil {
		t.Fatal(err)
	}
	e.apply()
	if after := e.object("network"); after.ID == before || after.Attributes["cidr"] != "10.3.0.0/16" {
		t.Errorf("network %v", after)
	}
}

func TestLookupByName(t *testing.T) {
	t.Parallel()
	e := newEngine(t, `
data "cloud_network" "main" { name = "main" }
output "cidr" { value = data.cloud_network.main.cidr }
`, cloud.Faults{})
	e.fails("apply the workspace that makes it first")
	for range 2 {
		if _, err := e.Create("network", map[string]any{"name": "main", "cidr": "10.0.0.0/16"}); err != nil {
			t.Fatal(err)
		}
		if len(e.Objects()) == 1 {
			e.apply()
			if out := e.ok("output", "-raw", "cidr"); out != "10.0.0.0/16" {
				t.Errorf("cidr is %q", out)
			}
		}
	}
	e.fails("2 networks have the name")
	e.write(`data "cloud_network" "none" { name = "" }`)
	e.fails("the name is empty")
}

func TestConfiguration(t *testing.T) {
	t.Parallel()
	e := newEngine(t, bucket, cloud.Faults{})
	for _, c := range []struct{ block, says string }{ // the last one makes what the first one does not know yet
		{`endpoint = terraform_data.later.id`, "must be known when planning"},
		{`endpoint = "nowhere"`, `endpoint "nowhere" is not a URL`},
		{`timeout = "soon"`, `timeout "soon" is not a duration`},
		{"endpoint = \"http://127.0.0.1:1\"\n timeout = \"50ms\"", "reach the cloud"},
	} {
		e.write("provider \"cloud\" {\n " + c.block + "\n}\nresource \"terraform_data\" \"later\" {}\n" + bucket)
		e.fails(c.says)
	}
	e.write(bucket)
	e.env = slices.DeleteFunc(e.env, func(v string) bool { return strings.HasPrefix(v, "CLOUD_ENDPOINT=") })
	e.fails("no endpoint: set endpoint")
}
