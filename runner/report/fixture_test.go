package report

import (
	"fmt"
	"strings"
	"time"

	"github.com/driftlessops/driftless/planner"
	"github.com/driftlessops/driftless/policy"
)

func server(address string, action planner.Action, paths ...planner.PathChange) planner.Change {
	return planner.Change{Kind: planner.KindResource, Address: address, Type: "cloud_server", Action: action, Paths: paths}
}

var (
	created = server("cloud_server.cache", planner.Create,
		planner.PathChange{Path: "image", After: `"debian-12"`},
		planner.PathChange{Path: "id", After: "(known after apply)", Unknown: true},
		planner.PathChange{Path: "password", After: "(sensitive value)", Sensitive: true})
	updated = server(`module.web["blue"].cloud_server.app[0]`, planner.Update,
		planner.PathChange{Path: "tags.env", Before: `"dev"`, After: `"prod"`},
		planner.PathChange{Path: "user_data", Before: `"#!/bin/sh\necho one\necho two\n"`, After: `"#!/bin/sh\necho one\necho three\n"`})
	replaced = server("cloud_server.db", planner.Replace,
		planner.PathChange{Path: "region", Before: `"eu-1"`, After: `"eu-2"`, Forces: true})
	deleted = server("cloud_server.legacy", planner.Delete)
	output  = planner.Change{Kind: planner.KindOutput, Address: "output.url", Action: planner.Update,
		Paths: []planner.PathChange{{Path: "value", Before: `"http://a"`, After: `"http://b"`}}}
)

// planOf is a plan of these changes.
func planOf(changes ...planner.Change) *planner.Plan {
	p := &planner.Plan{Engine: "terraform 1.11.4", Changes: changes}
	for _, c := range changes {
		switch {
		case c.Kind == planner.KindOutput:
			p.Summary.Outputs++
		case c.Action == planner.Create:
			p.Summary.Create++
		case c.Action == planner.Update:
			p.Summary.Update++
		case c.Action == planner.Replace:
			p.Summary.Replace++
		case c.Action == planner.Delete:
			p.Summary.Delete++
		}
	}
	return p
}

func passes() *policy.Verdict { return &policy.Verdict{Status: policy.Pass, Policies: 4} }

func denies() *policy.Verdict {
	return &policy.Verdict{Status: policy.Deny, Policies: 4, Results: []policy.Result{
		{Policy: "baseline/terraform.servers", Level: "deny", Resource: "cloud_server.cache", Message: "servers must not be public: see https://wiki.example.com/public and ask @platform (#42)"},
		{Policy: "baseline/terraform.tags", Level: "warn", Message: "cost_center is not set"},
	}}
}

func pullRequest(rows ...Row) Document {
	return Document{
		Repository: "infra", Title: "Move the database to eu-2", Head: "1a2b3c4d5e6f", Branch: "main", Base: "9f8e7d6c5b4a",
		Rows: rows, Metadata: `{"pull":"driftless/db","head":"1a2b3c4d5e6f"}`,
	}
}

func ready(name string, runID int64, changes ...planner.Change) Row {
	return Row{
		Workspace: "infra//" + name, RunID: runID, Status: "ready", Plan: planOf(changes...), Verdict: passes(),
		OnMerge: "is applied", Duration: 3210 * time.Millisecond,
	}
}

func before(name string, runID int64, changes ...planner.Change) Row {
	return with(ready(name, runID, changes...), func(r *Row) { r.BeforeMerge, r.OnMerge = true, "waits for `driftless apply`" })
}

func unchanged(name string, runID int64) Row {
	return Row{Workspace: "infra//" + name, RunID: runID, Status: "unchanged", Plan: planOf(), Verdict: passes()}
}

const engineFailure = "\x1b[31m╷\x1b[0m\n\x1b[31m│\x1b[0m \x1b[1mError: Unsupported argument\x1b[0m\n│\n│   on main.tf line 3, in resource \"cloud_server\" \"web\":\n│    3:   imagee = \"debian-12\"\n│\n│ An argument named \"imagee\" is not expected here. Did you mean \"image\"?\n╵\n"

// documents are the documents of the golden files.
func documents() map[string]Document {
	mixed := ready("prod/app", 14, replaced, deleted, updated, output)
	mixed.Owner, mixed.Labels = "@acme/platform", map[string]string{"env": "prod", "tier": "1"}
	mixed.Plan.Volatile = []string{"cloud_server.db:tags.built_at"}
	mixed.Plan.Drift = []planner.DriftedObject{{Address: "cloud_disk.logs", Action: planner.Update, Paths: []planner.PathChange{{Path: "size", Before: "10", After: "20"}}}}
	mixed.Plan.Warnings = []string{"Value for undeclared variable: \"zone\" has no effect"}
	blocked := ready("prod/cache", 15, created)
	blocked.Status, blocked.Verdict, blocked.OnMerge = "blocked", denies(), "nothing: policy denies it"
	blocked.Reason = "policy denies it: " + denies().Results[0].Message + " (and 1 more)"
	failed := Row{Workspace: "infra//prod/dns", RunID: 16, Status: "failed", Reason: "plan failed: the configuration is not valid", Failure: engineFailure}
	reused := ready("dev/app", 9, updated)
	reused.Reused = true
	held := ready("prod/queue", 17, created)
	held.Status, held.OnMerge = "held", ""
	held.Reason = "1 change goes beyond what was reviewed. `driftless approve 17` applies all of it; otherwise change the code:\n- create cloud_server.cache\n- replace cloud_server.db"
	reviewed := planOf(server("cloud_server.cache", planner.Create, planner.PathChange{Path: "image", After: `"debian-11"`}))
	reviewed.Changes[0].Digest = "another"
	return map[string]Document{
		"mixed": with(pullRequest(unchanged("dev/dns", 18), reused, ready("dev/cache", 13, created), mixed, blocked, failed, held, Row{Workspace: "infra//prod/mail", Status: "queued"}), func(d *Document) {
			d.Notices = []string{"driftless.hcl: `apply` of prod/app changes from \"on_merge\" to \"manual\"; it takes effect after the merge"}
		}),
		"blocked": pullRequest(blocked),
		"unjudged": pullRequest(with(blocked, func(r *Row) {
			r.Verdict = &policy.Verdict{Status: policy.Error, Results: []policy.Result{{Policy: "baseline", Level: "error", Message: "1 error occurred: s3.rego:3: rego_parse_error: unexpected eof token\n\tdeny[msg] {\n\t          ^"}}}
			r.Reason, r.OnMerge = "", ""
		})),
		"failed":    pullRequest(failed, unchanged("prod/app", 12)),
		"unchanged": pullRequest(manyUnchanged(40)...),
		"nothing":   pullRequest(),
		"orphans":   with(pullRequest(), func(d *Document) { d.Orphans = []string{"infra//old/app", "infra//old/$(reboot) it's"} }),
		"applied": with(pullRequest(with(ready("prod/app", 21, updated, created), func(r *Row) { r.Status, r.Duration = "applied", 83*time.Second }), unchanged("dev/app", 22), with(held, func(r *Row) { r.RunID = 23 }), with(ready("prod/db", 24, replaced), func(r *Row) {
			r.Status, r.Reason, r.Failure = "failed", "the apply failed half-way: `driftless show 24`", engineFailure
		})), func(d *Document) { d.Merged = true }),
		"held":      pullRequest(held),
		"conflicts": with(pullRequest(), func(d *Document) { d.Conflicts = []string{"prod/app/main.tf", "modules/server/a `b` |c.tf"} }),
		"broken": with(pullRequest(), func(d *Document) {
			d.Error = "driftless.hcl:4,3-9: Unsupported argument; An argument named \"volatil\" is not expected here. Did you mean \"volatile\"?\n\n  on driftless.hcl line 4, in workspace \"prod/app\":\n   4:   volatil = [\"x\"]\n\nMend driftless.hcl and push: `driftless validate` checks it offline."
		}),
		"closed": with(pullRequest(ready("prod/app", 14, replaced), blocked), func(d *Document) { d.Closed = true }),
		"cautioned": with(pullRequest(with(blocked, func(r *Row) {
			r.Verdict = &policy.Verdict{Status: policy.Deny, Policies: 1, Results: []policy.Result{{Policy: "baseline", Level: "deny", Resource: "cloud_server.cache", Message: "`cloud_server.cache`: servers need an owner\nand a cost center"}}}
			r.Reason = "policy denies it: " + r.Verdict.Results[0].Message
		})), func(d *Document) {
			d.Caution = []string{"planned without a state, as if nothing existed yet: infra//prod/cache"}
			d.Notices = []string{
				`workspace prod/app: apply = "manual" takes effect after the merge`,
				`workspace prod/app: labels = { team = "a } b", zone = "x" } grants identities only after the merge`,
				`workspace prod/app: removing drift.reconcile = true takes effect after the merge`,
				`discovery: exclude = ["old/**", "a]b"] takes effect after the merge`,
				`a = "b c" = [ d = { " e = "`,
			}
		}),
		"planning": with(pullRequest(ready("prod/app", 14, updated), unchanged("dev/dns", 18), Row{Workspace: "infra//prod/dns", RunID: 20, Status: "planning"}, Row{Workspace: "infra//prod/mail", Status: "queued"}), func(d *Document) { d.Commands = true }),
		"canceled": with(pullRequest(ready("prod/app", 14, updated), with(Row{Workspace: "infra//prod/dns", RunID: 20, Status: "canceled", Reason: "canceled by ben"}, func(r *Row) {
			r.OnMerge = "held: its plan was canceled, and nobody could review it"
		})), func(d *Document) { d.Commands = true }),
		"applying": with(pullRequest(with(ready("prod/app", 21, updated), func(r *Row) { r.Status = "applied" }), with(ready("prod/db", 22, replaced), func(r *Row) { r.Status = "applying" }), Row{Workspace: "infra//prod/mail", Status: "queued"}), func(d *Document) {
			d.Merged, d.Commands, d.MergedBy, d.Reviewers = true, true, "anna", []string{"ben", "cara"}
		}),
		"waiting": with(pullRequest(with(held, func(r *Row) {
			r.Command, r.Approvers, r.Reviewed, r.ReviewRun = "driftless approve 17", "people with admin permission, members of team sre", reviewed, 12
		}), with(blocked, func(r *Row) { r.Reason, r.Command = "the policies deny it", "driftless apply 15" }), with(failed, func(r *Row) {
			r.Reason, r.Command = "", "driftless apply -w prod/dns"
		})), func(d *Document) {
			d.Merged, d.Commands, d.MergedBy, d.Reviewers = true, true, "@evil`s", []string{"a", "b", "c", "d", "e", "f"}
		}),
		"before": with(pullRequest(before("prod/app", 14, updated), with(before("dev/app", 15, created), func(r *Row) {
			r.Applied, r.Reserved, r.Status, r.Duration = true, true, "applied", 12*time.Second
		}), ready("prod/db", 16, updated)), func(d *Document) { d.Commands = true }),
		"before-done": with(pullRequest(with(before("dev/app", 15, created), func(r *Row) {
			r.Applied, r.Reserved, r.Status = true, true, "applied"
		}), unchanged("dev/dns", 18)), func(d *Document) { d.Commands = true }),
		"taken-back": with(pullRequest(with(before("dev/app", 15, deleted), func(r *Row) {
			r.Applied, r.TakenBack, r.Status = true, true, "applied"
		})), func(d *Document) { d.Closed, d.Commands = true, true }),
		"closed-applied": with(pullRequest(with(before("dev/app", 15, deleted), func(r *Row) {
			r.Applied, r.Status, r.Reason, r.Command = true, "held", "it was applied, and closed without a merge: this plan takes it back", "driftless approve 15"
		}), ready("prod/db", 16, updated)), func(d *Document) { d.Closed, d.Commands = true, true }),
		"fork": with(pullRequest(ready("prod/app", 14, replaced)), func(d *Document) {
			d.Aside = "It comes from a fork, and planning runs its code. Read it; then somebody who may plan comments `driftless plan 1a2b3c4d5e6f`, which is good for this commit only."
			d.Left, d.Commands = LeftFork, true
		}),
		"hostile":   hostile(evil[0], evil[2], evil[7]),
		"continued": pullRequest(ready("prod/app", 14, replaced, bigChange(80)), blocked),
	}
}

func with[T any](v T, change func(*T)) T {
	change(&v)
	return v
}

func manyUnchanged(n int) []Row {
	rows := make([]Row, n)
	for i := range rows {
		rows[i] = unchanged(fmt.Sprintf("team-%02d/app", i), int64(i+1))
	}
	return rows
}

func bigChange(lines int) planner.Change {
	var b strings.Builder
	for i := range lines {
		fmt.Fprintf(&b, `echo step %d\n`, i)
	}
	return server("cloud_server.batch", planner.Create, planner.PathChange{Path: "user_data", After: `"` + b.String() + `"`})
}

// evil are texts that try to get out of wherever they stand.
var evil = []string{
	"```\n</details>\n\n# owned @evil #1 <img src=x onerror=alert(1)>",
	"~~~\n-->\n<script>alert(1)</script>",
	"a | b \\| c ` d `` e | @evil",
	"[x](https://evil.example) ![y](//evil.example/z.png) www.evil.example a@evil.example !1 $2 ~3 &4 %5",
	"\x1b[31mred\x1b[0m \u202egnp.exe \u200b\u2066 \xff\xfe \x00 \r\nnext",
	"**bold** _em_ ~~gone~~ $math$ <!-- c --> &lt; \\ evil/repo#7 GH-7 evil!9",
	"- item\n/close\n1. one\n===\n    code\n\t- more\n> quote",
	strings.Repeat("`", 40) + "\n" + strings.Repeat("`", 17) + "\n   " + strings.Repeat("~", 9),
	strings.Repeat("module.very_long_name.", 40) + "cloud_server.end",
	"[1]: https://evil.example\n[^1]: x\n|---|\n",
}

// hostile is a document that says evil things everywhere.
func hostile(all ...string) Document {
	more := all[0]
	doc := Document{
		Repository: all[len(all)-1], Title: strings.Join(all, " "), Head: more + "`|`", Branch: more, Base: all[len(all)/2],
		Error: strings.Join(all, "\n"), Conflicts: all, Orphans: all, Notices: all, MergedBy: more, Reviewers: all, Metadata: strings.Join(all, "--> "),
	}
	for i, s := range all {
		verdict := &policy.Verdict{Status: policy.Deny}
		for _, m := range all {
			verdict.Results = append(verdict.Results, policy.Result{Policy: s, Level: "deny", Message: m, Resource: s})
		}
		verdict.Results = append(verdict.Results, policy.Result{Level: s, Message: more})
		plan := planOf(server(s, planner.Update, planner.PathChange{Path: s, Before: s, After: fmt.Sprintf("%q", s)}), replaced)
		plan.Warnings, plan.Volatile, plan.Engine = all, all, s
		plan.Drift = []planner.DriftedObject{{Address: s + "2", Action: planner.Update, Paths: []planner.PathChange{{Path: s, After: s}}}}
		doc.Rows = append(doc.Rows, Row{
			Workspace: s, RunID: int64(i), Status: []string{"blocked", "failed", s, "unchanged"}[i%4], Reason: s, Plan: plan, Verdict: verdict,
			Failure: s, OnMerge: s, Command: s, Approvers: s, Reviewed: planOf(server(s, planner.Create, planner.PathChange{Path: s, After: s})), Labels: map[string]string{s: s}, Owner: s,
		})
	}
	return doc
}
