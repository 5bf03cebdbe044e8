package planner

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// ParseOptions of Parse.
type ParseOptions struct {
	Key      []byte   // the installation's HMAC key; without one digests are equal only within the process
	Checkout string   // absolute root of the checkout: replaced by a token in digests and in what people see
	Settled  string   // where the workspace's applies are checked out, when that is elsewhere: the same token
	Volatile []string // see workspaces.Workspace.Volatile
	Engine   string
	Drift    bool // classify causes
}

// Parse turns the engine's plan JSON (with sensitive values) into a Plan. It is pure, and linear in the size of raw.
//
// What is redacted: values that the plan's own masks or declarations mark as sensitive; elsewhere, strings that equal
// one of them (4 bytes and longer) or contain it (8 bytes and longer, also encoded). Names, addresses and actions stay.
func Parse(raw []byte, opts ParseOptions) (*Plan, error) {
	root, err := decode(raw)
	if err != nil {
		return nil, err
	}
	digester := newDigester(opts.Key)
	p := parser{
		opts: opts, root: root, digester: digester, checkout: newToken(digester, "checkout"),
		secrets: secrets{known: map[string]struct{}{}, numbers: map[string]struct{}{}},
		plan:    &Plan{Engine: opts.Engine, Changes: []Change{}}, keys: map[string]bool{},
	}
	p.volatile = newVolatile(opts.Volatile, p.checkout)
	p.parse()
	if p.err != nil {
		return nil, errors.New(p.checkout.reveal("plan JSON: " + p.err.Error()))
	}
	return p.plan, nil
}

// decode reads a document of format 1.
func decode(raw []byte) (object, error) {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	var root object
	if err := dec.Decode(&root); err != nil {
		return nil, fmt.Errorf("plan JSON: %w", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("plan JSON: more text follows the document")
	}
	version, _ := root["format_version"].(string)
	if major, _, _ := strings.Cut(version, "."); major != "1" {
		return nil, fmt.Errorf("plan JSON: format_version is %q, but this version of driftless reads format 1.x; "+
			"use an engine from Terraform 1.1 or OpenTofu 1.6 on, or a newer driftless", visible(version))
	}
	return root, nil
}

// parser makes one Plan.
type parser struct {
	shape
	digester
	opts      ParseOptions
	root      object
	timestamp string
	checkout  token // stands for the root of the checkout, which differs from run to run
	volatile  volatile
	secrets   secrets
	plan      *Plan
	keys      map[string]bool // of the changes so far
	changes   []plannedChange // for causes
	hushed    []string        // values that become sensitive, which anybody can bring about with sensitive()
	concealed []string        // values that are hidden although nothing marks them as sensitive
}

// parse does the steps in the order that they need: all sensitive values are known before anything is shown, and the
// document is redacted last, because that happens in place.
func (p *parser) parse() {
	p.plan.Warnings = leaveOutUnknown(p.root)
	collect := sections{data: p.secrets.collect}
	if collect.plan(p.root); collect.err != nil {
		p.err = collect.err
		return
	}
	p.plan.Secrets = p.secrets.list()
	without := withoutCheckouts(p.checkout.secret, p.opts.Checkout, p.opts.Settled)
	if without != nil {
		p.root = rewrite(p.root, without).(object)
	}
	p.secrets.settle(without)
	p.timestamp = field[string](&p.shape, p.root, "timestamp")
	p.plan.Errored = field[bool](&p.shape, p.root, "errored")
	p.each(p.root, "resource_changes", p.resource)
	p.eachNamed(p.root, "output_changes", p.output)
	p.each(p.root, "action_invocations", p.invocation)
	drifted := p.drift()
	if p.opts.Drift && p.err == nil {
		p.causes(drifted)
	}
	p.checks()
	p.warn()
	p.finish()
}

// finish sorts, digests and redacts.
func (p *parser) finish() {
	if p.err != nil {
		return
	}
	p.plan.Digest = p.digester.plan(p.plan.Changes)
	p.plan.rewrite(p.checkout.reveal)
	keys := map[string]bool{}
	for _, c := range p.plan.Changes {
		if keys[c.Key()] { // one path of the checkout, and one that only looks like it
			p.err = fmt.Errorf("%s is planned twice", visible(c.Key()))
			return
		}
		keys[c.Key()] = true
	}
	sortChanges(p.plan.Changes)
	slices.Sort(p.plan.Volatile)
	p.plan.Volatile = slices.Compact(p.plan.Volatile) // a deposed object has the address of the current one
	redact := sections{data: p.secrets.redact, strict: true}
	redact.plan(p.root)
	p.plan.JSON = encode(rewrite(p.root, p.checkout.reveal))
}

// resource reads one entry of resource_changes.
func (p *parser) resource(o object) {
	r := readResourceChange(&p.shape, o)
	if p.err != nil || !r.planned() || p.opts.Settled != "" && r.moved(p.checkout.secret) {
		return
	}
	c := Change{
		Kind: KindResource, Address: r.address, PreviousAddress: r.previous, Deposed: r.deposed, Type: r.kind,
		Provider: r.provider, Action: r.shown(), Reason: r.reason, Importing: r.importID(&p.secrets),
	}
	head := digestHead{Previous: r.previous, Deposed: r.deposed, Provider: r.provider, Importing: r.importing}
	switch r.action {
	case Delete, Replace, Forget:
		before, _ := r.node.before.(object)
		head.ID = before["id"]
	}
	p.add(c, r, head, "")
}

// output reads one entry of output_changes.
func (p *parser) output(name string, o object) {
	r := resourceChange{address: KindOutput + "." + name}
	r.change(&p.shape, o)
	if p.err != nil || !r.planned() {
		return
	}
	p.add(Change{Kind: KindOutput, Address: r.address, Action: r.shown()}, r, digestHead{}, "value")
}

// add finds the paths of a change, digests and counts it.
func (p *parser) add(c Change, r resourceChange, head digestHead, path string) {
	if p.keys[c.Key()] {
		p.err = fmt.Errorf("%s is planned twice", visible(c.Key()))
		return
	}
	p.keys[c.Key()] = true
	head.Kind, head.Address, head.Actions = c.Kind, c.Address, r.actions
	mac, enc := p.head(head)
	w := walk{
		secrets: &p.secrets, digest: enc, timestamp: p.timestamp, now: newToken(p.digester, "timestamp").secret,
		volatile: p.volatile.of(c.Address), forces: newPathSet(r.replace),
	}
	w.visit(path, r.node, 0)
	c.Paths = w.paths
	if c.Kind == KindResource && c.Action != Create && c.Action != Delete {
		c.Unchanged = unchanged(r.node, w.leaves)
	}
	c.Digest = hexSum(mac)
	for _, path := range w.volatiles {
		p.plan.Volatile = append(p.plan.Volatile, c.Address+":"+path)
	}
	for _, path := range w.concealed {
		p.concealed = append(p.concealed, visible(c.Address+":"+path))
	}
	for _, path := range w.hushed {
		p.hushed = append(p.hushed, visible(c.Address+":"+path))
	}
	p.plan.Summary.add(c, r.forgets())
	p.plan.Changes = append(p.plan.Changes, c)
	p.changes = append(p.changes, plannedChange{r, w.leaves, w.volatile})
}

// unchanged counts the attributes that have a value and keep it.
func unchanged(n node, leaves []leaf) int {
	changed := map[string]bool{}
	for _, l := range leaves {
		changed[attributeOf(l.path)] = true
	}
	count := 0
	before, _ := n.before.(object)
	for key, value := range before {
		if value != nil && !changed[joinPath("", key)] {
			count++
		}
	}
	return count
}

// attributeOf is the first step of a path.
func attributeOf(path string) string {
	for i := range len(path) {
		if path[i] == '.' || path[i] == '[' && i > 0 {
			return path[:i]
		}
	}
	return path
}
