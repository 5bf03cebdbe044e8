// Package workspaces says where: which root modules of a Git repository are managed, and which of them a change touches.
// A Workspace is one root module directory with its variables, engine and state. The package is pure: bytes in, values out.
//
// # Discovery
//
// Every directory with engine files (*.tf, *.tofu and their .json forms, at that level) is looked at; directories whose
// names begin with a dot, and node_modules, are passed over, and symbolic links to directories are not followed. Such a
// directory is a workspace, or not, by the first of these rules that applies:
//
//  1. A workspace block names it: a workspace (unless exclude at the tracked branch or of the operator bars the block).
//  2. discovery excludes it, is off, or has an include that does not match it: not a workspace.
//  3. It has terragrunt.hcl: not a workspace, as Terragrunt is not run; a diagnostic says so.
//  4. It manages nothing (a backend, providers, variables, locals), and other directories link to all of its files: a
//     shared fragment.
//  5. It has a backend or cloud block: a workspace; but below a directory named modules an empty backend block is none
//     where variables have no values.
//  6. It has a lock file (.terraform.lock.hcl): a workspace.
//  7. Another directory calls it by a local path: a shared module.
//  8. A run block of a test file (*.tftest.hcl, *.tofutest.hcl) calls it: a helper module of tests.
//  9. It has variable files (*.tfvars): a workspace.
//  10. It is in a directory named modules or module: a shared module.
//  11. It is below examples, tests, fixtures and the like of a directory that is a shared module: an example.
//  12. Its files do not parse: a workspace that carries the problem, rather than one that is silently missing.
//  13. It configures a provider: a workspace.
//  14. It declares no resources, data, modules or outputs: nothing to manage.
//  15. It has variables without default: a shared module, since nothing here gives them values; if there are variable
//     files below it, the reason shows the workspace blocks to write.
//  16. Otherwise: a workspace. So a first main.tf with one resource is one.
//
// # Configuration
//
// What is said of a workspace is merged in this order, the later wins: defaults at the top of the operator's file, defaults
// of driftless.hcl, its workspace block, defaults of the operator's repository block, its workspace block. Lists and single
// values are replaced; maps (variables, labels, backend_config) are merged by key.
//
// What a workspace is comes from the tree that is planned; what it may do from the tracked branch and the operator's file.
//
// # Input digests
//
// A digest covers the workspace's directory and that of every local module it reaches, each without the directories below
// it that have engine files themselves, without Markdown, hidden files and variable files that are not loaded; the
// variable files that are; what expressions name; watch; its configuration, as far as a plan depends on it; the engine; and
// the commits of floating Git module refs, but for those of repositories on the runner's own machine.
//
// Expressions name files and directories by literal arguments of file functions, also within templates that templatefile
// reads; by strings with path.module, path.root or path.cwd; and by strings that begin with ./ or ../, if something is
// there. "${path.module}/files/${var.x}" counts as all of files; in a module's own directory, "${path.module}/${var.x}.md"
// counts as all files below it that end so.
//
// A root at "." is no exception: every file of the repository below no directory with engine files of its own counts, since
// a provider may read it. Where that plans too often, the root belongs in a directory of its own.
package workspaces
