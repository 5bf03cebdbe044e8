package main

// rows are all that is measured, in the order of the table.
var rows = []row{
	{"push to final report, 1 workspace", "≤ floor + 150 ms and the poll interval", func(b *bench) (string, string, error) { return b.push(estate{roots: 1}) }},
	{"push to final report, 1 workspace, simulated cloud", "≤ floor + 150 ms and the poll interval", func(b *bench) (string, string, error) { return b.push(estate{roots: 1, cloud: true}) }},
	{"push to final report, 50 workspaces", "≤ 1.05 × floor; a push that changes one ≤ its floor + 150 ms; ≤ 10 requests; one checkout", func(b *bench) (string, string, error) { return b.push(estate{roots: 50}) }},
	{"push to final report, 50 workspaces, simulated cloud", "≤ 1.05 × floor; a push that changes one ≤ its floor + 150 ms; ≤ 10 requests; one checkout", func(b *bench) (string, string, error) { return b.push(estate{roots: 50, cloud: true}) }},
	{"affected workspaces of 1,000 root modules, 60 shared modules, 5,000 files", "≤ 2 s cold, ≤ 100 ms warm", affected},
	{"discovery of 10,000 root modules", "linear, ≤ 20 s cold", discovery},
	{"start of serve to ready, 1,000 known workspaces", "≤ 2 s", func(b *bench) (string, string, error) { return b.start(estate{roots: 1000, broken: true}) }},
	{"idle repository", "one ls-remote, 0 API requests that are charged and 0 processes a poll", func(b *bench) (string, string, error) { return b.idle(estate{roots: 10}) }},
	{"policies, 8 MB plan, 100 rules", "≤ 1.1 × OPA's own time", policies},
	{"report of 300 workspaces from a plan text of 8 MB", "≤ 200 ms", rendering},
	{"queries at 10,000 workspaces and 1,000,000 runs", "≤ 10 ms; all workspaces at once are not judged", queries},
	{"drift sweep", "≤ 1.10 × floor, ≤ 150 MiB, ≤ 5 % of a core idle", func(b *bench) (string, string, error) { return b.sweep(estate{roots: b.size(), cloud: true}) }},
	{"merge to applied, 10 workspaces", "≤ 1.10 × floor", func(b *bench) (string, string, error) { return b.merge(estate{roots: 10}) }},
	{"merge to applied, 10 workspaces, simulated cloud", "≤ 1.10 × floor", func(b *bench) (string, string, error) { return b.merge(estate{roots: 10, cloud: true}) }},
}
