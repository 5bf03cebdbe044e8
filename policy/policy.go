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
// A rule named exception excuses the rules whose suffix it lists, as in conftest. Built-in functions that fail make their
// expression undefined, as in conftest and OPA; conflicts between rules are errors. Functions that reach the network or the
// process (http.send, net.lookup_ip_addr, opa.runtime) do not compile. A rule that reads input.NAME, itself or through what it
// uses, where no plan has such a NAME, is an error: it would be undefined and so pass everything. This is found in the
// text of the rules, through imports, aliases and helper rules, but not through function arguments or computed names.
package policy
