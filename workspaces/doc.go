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
//  3. It has a backend or cloud block: a workspace.
//  4. It has a lock file (.terraform.lock.hcl): a workspace.
//  5. Another directory calls it by a local path: a shared module.
//  6. It has variable files (*.tfvars): a workspace.
//  7. It is in a directory named modules or module: a shared module.
//  8. It is below examples, tests, fixtures and the like of a directory that is a shared module: an example.
//  9. Its files do not parse: a workspace that carries the problem, rather than one that is silently missing.
//  10. It configures a provider: a workspace.
//  11. It declares no resources, data, modules or outputs: nothing to manage.
//  12. It has variables without default: a shared module, since nothing here gives them values.
//  13. Otherwise: a workspace. So a first main.tf with one resource is one.
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
// variable files that are; what literal arguments of file functions and strings with path.module, path.root or path.cwd
// name ("${path.module}/files/${var.x}" counts as all of files); watch; its configuration, as far as a plan depends on it;
// the engine; and the commits of floating Git module refs.
package workspaces
