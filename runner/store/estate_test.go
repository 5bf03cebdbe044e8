package store

import (
	"strconv"
	"strings"
	"time"

	"github.com/driftlessops/driftless/runner"
)

// An estate of 10,000 workspaces, with labels, and 1,000,000 runs, of which few are unfinished.
const (
	estateWorkspaces = `
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 9999)
INSERT INTO workspaces (id, repository, sync, reason, labels, owner, depends_on, target_digest, target_commit, base, applied_digest,
  applied_commit, applied_tree, applied_at, applied_run, prior, checked_at, drift_since, orphan, updated_at, drift, reserved, backend,
  health, health_at, failing) SELECT printf('r%d//env/%05d', i % 20, i), printf('r%d', i % 20), CASE WHEN i % 100 = 0 THEN 'Drifted' ELSE 'Synced' END,
  '', json_object('env', CASE WHEN i % 10 = 0 THEN 'prod' ELSE 'dev' END), 'team', '[]', 'd', 'c', '', 'd', 'c', 't', 1, 1, '{}', 1, 0, 0, 1, '', 0, '', 'Unknown', 0, 'null' FROM n`
	estateLabels = `INSERT INTO workspace_labels SELECT id, 'env', json_extract(labels, '$.env') FROM workspaces`
	estateRuns   = `
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 999999)
INSERT INTO runs (repository, workspace, purpose, status, pull_id, commit_id, tree, base, input_digest, triggered_by, approves, actor, reason,
  engine, summary, plan_digest, verdict, policy_revision, unreviewed, reviewers, attempt, owner, created_at, started_at, planned_at,
  applied_at, finished_at, not_before, stale) SELECT printf('r%d', i % 20), printf('r%d//env/%05d', i % 20, i % 10000),
  CASE WHEN i % 10 < 6 THEN 'drift' WHEN i % 10 < 9 THEN 'plan' WHEN i % 1000 = 9 THEN 'destroy' ELSE 'apply' END,
  CASE WHEN i > 999950 THEN 'queued' WHEN i % 10000 = 7 THEN 'held' WHEN i % 3 = 0 THEN 'superseded' WHEN i % 10 < 9 THEN 'unchanged' ELSE 'applied' END,
  CASE WHEN i % 10 BETWEEN 6 AND 8 THEN i / 50 ELSE 0 END, 'c', 't', 'b', 'd', 'schedule', 0, '', '', 'terraform 1.11.4', '{}', 'p', 'null', '', 'null', 'null', 1, 'me',
  1700000000000000 + i * 1000000, 0, 0, 0, 0, 0, 0 FROM n`
	estateEvents = `
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 999999)
INSERT INTO events (id, at, kind, actor, repository, workspace, run_id, pull_id, commit_id, message, data, hash)
  SELECT i + 1, 1700000000000000 + i * 1000000, 'planned', '', printf('r%d', i % 20), printf('r%d//env/%05d', i % 20, i % 10000),
  i / 2, 0, 'c', 'message', '', 'h' FROM n`
	estatePosts = `
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 199999)
INSERT INTO posts (repository, kind, key, want, version, shown, remote, attempts, next_at, error, created_at, updated_at, shown_at) SELECT printf('r%d', i % 20), 'status', printf('c%d driftless/plan', i), '{}', 2, CASE WHEN i % 1000 = 0 THEN 1 ELSE 2 END,
  'null', 0, 0, '', 0, 0, 0 FROM n`
)

// Estate are the statements that make it.
var Estate = []string{estateWorkspaces, estateLabels, estateRuns, estateEvents, estatePosts}

// PartOf is one of them with so many runs, events and posts, and a tenth of the workspaces.
func PartOf(statement string, rows int) string {
	return strings.NewReplacer("i < 999999", "i < "+strconv.Itoa(rows-1), "i < 199999", "i < "+strconv.Itoa(rows-1), "i < 9999)", "i < 999)", "i > 999950", "i > "+strconv.Itoa(rows-50)).Replace(statement)
}

// ToPostgres says the statements above in PostgreSQL's words.
var ToPostgres = strings.NewReplacer(
	"WITH RECURSIVE n(i) AS (SELECT 0 ", "WITH RECURSIVE n(i) AS (SELECT 0::bigint ",
	"printf('r%d//env/%05d', i % 20, i % 10000)", "format('r%s//env/%s', i % 20, lpad((i % 10000)::text, 5, '0'))",
	"printf('r%d//env/%05d', i % 20, i)", "format('r%s//env/%s', i % 20, lpad(i::text, 5, '0'))",
	"printf('r%d', i % 20)", "format('r%s', i % 20)", "printf('c%d driftless/plan', i)", "format('c%s driftless/plan', i)",
	"json_object('env', ", "json_build_object('env', ", "END), 'team'", "END)::text, 'team'", "json_extract(labels, '$.env')", "labels::json->>'env'",
)

// EstateQueries are the queries of lists and statuses.
func EstateQueries() map[string]func(tx runner.Tx) (int, error) {
	since := time.UnixMicro(1700000000000000 + 999_900*1_000_000)
	return map[string]func(tx runner.Tx) (int, error){
		"runs/newest":                   listRuns(runner.RunFilter{Limit: 50}),
		"runs/deep page":                listRuns(runner.RunFilter{Limit: 50, Before: 500_000}),
		"runs/queue":                    listRuns(runner.RunFilter{Statuses: []runner.Status{runner.Queued}}),
		"runs/unfinished":               listRuns(runner.RunFilter{Statuses: []runner.Status{runner.Planning, runner.Planned, runner.Ready, runner.Applying}}),
		"runs/waiting":                  listRuns(runner.RunFilter{Statuses: []runner.Status{runner.Held, runner.Blocked, runner.Interrupted}, Limit: 50}),
		"runs/common statuses":          listRuns(runner.RunFilter{Statuses: []runner.Status{runner.Unchanged, runner.Superseded}, Limit: 50}),
		"runs/common purposes":          listRuns(runner.RunFilter{Purposes: []runner.Purpose{runner.PurposeDrift, runner.PurposePlan}, Limit: 50}),
		"runs/rare purpose":             listRuns(runner.RunFilter{Purposes: []runner.Purpose{runner.PurposeDestroy}, Limit: 50}),
		"runs/repository":               listRuns(runner.RunFilter{Repository: "r7", Limit: 50}),
		"runs/repository, status":       listRuns(runner.RunFilter{Repository: "r7", Statuses: []runner.Status{runner.Applied}, Limit: 50}),
		"runs/of a workspace":           listRuns(runner.RunFilter{Workspace: "r7//env/00007"}),
		"runs/newest of workspace":      listRuns(runner.RunFilter{Workspace: "r7//env/00007", Purposes: []runner.Purpose{runner.PurposeApply}, Limit: 1}),
		"runs/held of a workspace":      listRuns(runner.RunFilter{Workspace: "r7//env/00007", Purposes: []runner.Purpose{runner.PurposeDrift}, Statuses: []runner.Status{runner.Held, runner.Blocked}}),
		"runs/of a pull request":        listRuns(runner.RunFilter{PullID: 777}),
		"runs/queued of a pull request": listRuns(runner.RunFilter{PullID: 777, Purposes: []runner.Purpose{runner.PurposePlan}, Statuses: []runner.Status{runner.Queued, runner.Planning, runner.Planned}}),
		"runs/applied of a workspace":   listRuns(runner.RunFilter{Workspace: "r9//env/00009", Purposes: []runner.Purpose{runner.PurposeApply}, Limit: 20}),
		"runs/tracked of a workspace":   listRuns(runner.RunFilter{Workspace: "r9//env/00009", Purposes: []runner.Purpose{runner.PurposeApply, runner.PurposeDrift}, Limit: 20}),
		"runs/no pull request's":        listRuns(runner.RunFilter{Workspace: "r9//env/00009", Tracked: true, Purposes: []runner.Purpose{runner.PurposeApply, runner.PurposeDrift}, Limit: 20}),
		"runs/purpose of a repository":  listRuns(runner.RunFilter{Repository: "r9", Purposes: []runner.Purpose{runner.PurposeDestroy}, Limit: 20}),
		"runs/whose turn it is": func(tx runner.Tx) (int, error) {
			all, err := tx.Queue([]runner.Purpose{runner.PurposePlan}, true)
			return len(all), err
		},
		"runs/in the queue": func(tx runner.Tx) (int, error) {
			all, err := tx.Queue([]runner.Purpose{runner.PurposeApply, runner.PurposeDestroy}, false)
			return len(all), err
		},
		"runs/under way":                func(tx runner.Tx) (int, error) { all, err := tx.UnderWay(); return len(all), err },
		"runs/by their ids":             listRuns(runner.RunFilter{IDs: []int64{5, 500, 1000}}),
		"workspaces/page":               listWorkspaces(runner.WorkspaceFilter{Limit: 100}),
		"workspaces/drifted":            listWorkspaces(runner.WorkspaceFilter{Sync: runner.Drifted}),
		"workspaces/label":              listWorkspaces(runner.WorkspaceFilter{Labels: map[string]string{"env": "prod"}, Limit: 100}),
		"workspaces/of repository":      listWorkspaces(runner.WorkspaceFilter{Repository: "r7"}),
		"workspaces/all":                listWorkspaces(runner.WorkspaceFilter{}),
		"events/newest":                 listEvents(runner.EventFilter{Limit: 50}),
		"events/of a workspace":         listEvents(runner.EventFilter{Workspace: "r7//env/00007", Limit: 50}),
		"events/of a run":               listEvents(runner.EventFilter{RunID: 4711}),
		"events/since":                  listEvents(runner.EventFilter{Since: since, Limit: 50}),
		"events/kind of repository":     listEvents(runner.EventFilter{Kind: "planned", Repository: "r7", Limit: 50}),
		"stats":                         func(tx runner.Tx) (int, error) { s, err := tx.Stats(); return len(s.Workspaces), err },
		"posts/waiting":                 listPosts(runner.PostFilter{Waiting: true}),
		"posts/waiting of a repository": listPosts(runner.PostFilter{Repository: "r0", Waiting: true, Limit: 20}),
		"posts/of a commit":             listPosts(runner.PostFilter{Repository: "r7", Kind: runner.PostStatus, KeyPrefix: "c4707 "}),
	}
}

func listRuns(f runner.RunFilter) func(runner.Tx) (int, error) {
	return func(tx runner.Tx) (int, error) {
		all, err := tx.Runs(f)
		return len(all), err
	}
}

func listPosts(f runner.PostFilter) func(runner.Tx) (int, error) {
	return func(tx runner.Tx) (int, error) {
		all, err := tx.Posts(f)
		return len(all), err
	}
}

func listWorkspaces(f runner.WorkspaceFilter) func(runner.Tx) (int, error) {
	return func(tx runner.Tx) (int, error) {
		all, err := tx.Workspaces(f)
		return len(all), err
	}
}

func listEvents(f runner.EventFilter) func(runner.Tx) (int, error) {
	return func(tx runner.Tx) (int, error) {
		all, err := tx.Events(f)
		return len(all), err
	}
}
