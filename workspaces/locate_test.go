package workspaces

import (
	"fmt"
	"strings"
	"testing"
)

func TestLocate(t *testing.T) {
	t.Parallel()
	tree := NewMapTree(map[string]string{
		"app/main.tf": `resource "aws_s3_bucket" "b" {
}

data "aws_ami" "x" {}
module "net" {
  source = "../modules/net"
}
module "far" {
  source  = "terraform-aws-modules/vpc/aws"
  version = "5.0.0"
}
output "o" { value = 1 }
ephemeral "vault_secret" "s" {}
module "lost" { source = "./nowhere" }
module "loop" { source = "." }
module "computed" { source = var.x }
`,
		"app/override.tf":          "# first\nresource \"aws_s3_bucket\" \"b\" {}\n",
		"app/more.tf.json":         "{\n  \"resource\": {\n    \"aws_s3_bucket\": {\n      \"json\": {}\n    }\n  },\n  \"output\": {\n    \"j\": {\"value\": 1}\n  }\n}\n",
		"modules/net/main.tf":      "\nmodule \"inner\" {\n  source = \"./inner\"\n}\nresource \"aws_vpc\" \"this\" {}\n",
		"modules/net/out.tf":       "output \"id\" { value = 1 }\n",
		"modules/net/inner/i.tf":   "resource \"aws_subnet\" \"s\" {}\n",
		"modules/net/inner/bad.tf": "resource \"aws_subnet\" {\n",
		"tofu/main.tofu":           "\n\nresource \"a\" \"b\" {}\n",
		"tofu/main.tf":             "resource \"a\" \"b\" {}\n",
	}, MapFile{"linked", Symlink, "app"}, MapFile{"app/link.tf", Symlink, "../modules/net/out.tf"})
	for address, want := range map[string]string{
		"aws_s3_bucket.b":                         "app/main.tf:1",
		"aws_s3_bucket.b[0]":                      "app/main.tf:1",
		`aws_s3_bucket.b["a.b[\"]"]`:              "app/main.tf:1",
		"aws_s3_bucket.b (deposed 1a)":            "app/main.tf:1",
		"data.aws_ami.x":                          "app/main.tf:4",
		"ephemeral.vault_secret.s":                "app/main.tf:13",
		"output.o":                                "app/main.tf:12",
		"output.id":                               "modules/net/out.tf:1",
		"output.j":                                "app/more.tf.json:8",
		"aws_s3_bucket.json":                      "app/more.tf.json:4",
		"module.net":                              "app/main.tf:5",
		`module.net["x"]`:                         "app/main.tf:5",
		"module.net.aws_vpc.this":                 "modules/net/main.tf:5",
		`module.net["a.]b"].aws_vpc.this["\\"]`:   "modules/net/main.tf:5",
		"module.net.output.id":                    "modules/net/out.tf:1",
		"module.net.module.inner[1].aws_subnet.s": "modules/net/inner/i.tf:1",
		"module.net.module.inner.aws_subnet.gone": "modules/net/main.tf:2",
		"module.net.module.gone.aws_subnet.s":     "app/main.tf:5",
		"module.far.aws_vpc.this[0]":              "app/main.tf:8",
		"module.lost.a.b":                         "app/main.tf:14",
		"module.computed.a.b":                     "app/main.tf:16",
		"module.loop." + strings.Repeat("module.loop.", 50) + "aws_s3_bucket.b": "app/main.tf:1",
		"aws_s3_bucket.gone": "",
		"module.gone.a.b":    "",
		"aws_s3_bucket":      "",
		"module":             "",
		"data.":              "",
		"]]].\"":             "",
		"":                   "",
	} {
		if got := placeOf(Locate(tree, "app", address)); got != want {
			t.Errorf("%s is at %q, not %q", address, got, want)
		}
	}
	if got := placeOf(Locate(tree, "linked", "aws_s3_bucket.b")); got != "app/main.tf:1" {
		t.Error(got)
	}
	if got := placeOf(Locate(tree, "tofu", "a.b")); got != "tofu/main.tofu:3" {
		t.Error(got)
	}
	if got := placeOf(Locate(tree, "none", "a.b")); got != "" {
		t.Error(got)
	}
}

func placeOf(file string, line int, ok bool) string {
	if !ok {
		return ""
	}
	return fmt.Sprintf("%s:%d", file, line)
}

func FuzzLocate(f *testing.F) {
	tree := NewMapTree(map[string]string{"main.tf": "module \"m\" {\n  source = \".\"\n}\nresource \"a\" \"b\" {}\n"})
	for _, address := range []string{`module.m["x"].a.b[0]`, "data.a.b", "module.m", `a["]"]`} {
		f.Add(address)
	}
	f.Fuzz(func(t *testing.T, address string) {
		if file, line, ok := Locate(tree, ".", address); ok != (line > 0) || ok != (file != "") {
			t.Errorf("%q is at %s:%d, %t", address, file, line, ok)
		}
	})
}
