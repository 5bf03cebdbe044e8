// Package policy says what may be: it loads Rego policies and judges plans with them. A Verdict is a tree of results, so
// that the explanation and the decision are one value. Judgement is pure and has no network. It is the only user of opa.
//
// Policies are written as for conftest: every rule named deny, violation or warn, alone or with a suffix (deny_public), in
// any package, is evaluated with the plan JSON as input. What such a rule gives is read like this:
//
//	undefined, false, "", [], set(), {}   nothing is said
//	true                                  said, in the name of the rule
//	"text"                                said
//	{"msg": "text", …}                    said; resource or address among the rest names the resource
//	[…], set                              each element as above
//	{key: …} of a rule like deny[key]     each value as above, the key in front; true says the key itself
//	anything else                         an error, because nobody can tell what it means
//
// A rule named exception excuses the rules whose suffix it lists, as in conftest. Conflicts between rules are errors.
// Functions that reach the network or the process (http.send, net.lookup_ip_addr, opa.runtime) do not compile.
//
// Nothing passes in silence because something is unknown:
//
//   - A rule that reads input.NAME where no plan has such a NAME is an error: it would be undefined and so pass everything.
//   - So is one that reads data.NAME which no policy and no data file gives, such as data that conftest takes from a directory
//     of its own (--data). Data that is optional needs a file as well, with an empty object. What a file gives may lack keys,
//     as in conftest; a name that a package with data files of its own lacks is a warning.
//   - Built-in functions that fail (to_number("999GB"), count(null)) make their expression undefined, as in conftest and OPA,
//     because libraries rely on it; each such place is a warning. Test the value first to be without it: is_string(x).
//
// The first two are found in the text of the rules, through imports, aliases and helper rules; names that are computed are
// not, nor is what functions do with an input that is passed to them.
//
// Policies are bounded, as those of a pull request are anybody's. An evaluation ends with its context, and with an error when
// the heap of the process has grown by 1 GiB since it began; a compilation ends after 2 minutes. Numbers that * and product
// make have at most 10,000 digits, and graph.reachable_paths and strings.render_template do not compile, because a single
// call of them can be endless. One function call that does not look at its context is given up after 5 seconds and goes on in
// vain: only a memory limit for the whole process stops json.marshal of a value that holds itself a million times.
package policy
