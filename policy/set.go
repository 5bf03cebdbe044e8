package policy

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
)

// compileTimeout bounds Compile: values within values make the type checker of opa take exponential time.
const compileTimeout = 2 * time.Minute

// Set is compiled policies. Safe for concurrent use.
type Set struct {
	revision string
	sources  []*compiled
	heap     *heapWatch
}

// compiled is one source, compiled apart from the others so that a broken one hides nothing and equal packages do not meet.
type compiled struct {
	name       string
	broken     []Result // why the source cannot judge; it has no rules then
	rules      []*rule
	exceptions []*rule // one for each package that has any
	texts      map[string][]byte
}

// Compile compiles the sources. It never fails: what cannot be read or compiled makes every verdict of the set an Error
// with the reason and its place, while the other sources still say what they have to say.
func Compile(sources []Source) *Set {
	ctx, cancel := context.WithTimeout(context.Background(), compileTimeout)
	defer cancel()
	set := &Set{revision: revision(sources), heap: heap}
	for _, s := range sources {
		set.sources = append(set.sources, compileSource(ctx, s))
	}
	return set
}

// Revision is the hash of every policy file of the set; "" for no policies.
func (s *Set) Revision() string { return s.revision }

func compileSource(ctx context.Context, s Source) *compiled {
	out, err := within(ctx, func() (*compiled, error) {
		c := &compiled{name: s.Name}
		return c, guard(func() error { return c.compile(s) })
	})
	if err == nil {
		return out
	}
	broken := &compiled{name: s.Name}
	if out != nil {
		broken.texts = out.texts
	}
	for _, message := range messages(err, broken.texts) {
		broken.broken = append(broken.broken, Result{Policy: s.Name, Level: "error", Message: message})
	}
	return broken
}

func (out *compiled) compile(s Source) error {
	if s.Err != nil {
		return s.Err
	}
	modules, errs := parseAll(s.Files, func(p string) bool { return !isTest(p) })
	out.texts = texts(modules)
	if len(errs) > 0 {
		return errors.Join(errs...)
	}
	compiler, _, err := compile(modules, newCompiler)
	if err != nil {
		return err
	}
	out.rules = rulesOf(compiler)
	if !slices.ContainsFunc(out.rules, func(r *rule) bool { return r.defined() > 0 }) {
		return fmt.Errorf("no deny, violation or warn rule in %s; policies that judge nothing would pass everything",
			cmp.Or(s.Root, s.Name, "these policies"))
	}
	data, err := mount(s.dataFiles(), dataRead(compiler))
	if err != nil {
		return err
	}
	store := newStore(data)
	if err := conflicts(compiler, store); err != nil {
		return err
	}
	out.exceptions = exceptionsOf(compiler, out.rules)
	reader, gaps := newRootReader(compiler), newGaps(compiler, data, s, out.texts)
	for _, r := range slices.Concat(out.rules, out.exceptions) {
		r.reads, r.gaps = reader.of(r), gaps.of(r)
		if r.query, err = query(compiler, store, r.ref); err != nil {
			return err
		}
	}
	return nil
}

func (s Source) dataFiles() []dataFile {
	var files []dataFile
	for _, f := range s.Files {
		if isData(f.Path) {
			files = append(files, dataFile{f, s.dataPath(f.Path)})
		}
	}
	return files
}

func newStore(data map[string]any) storage.Store {
	return inmem.NewFromObjectWithOpts(data, inmem.OptRoundTripOnWrite(false), inmem.OptReturnASTValuesOnRead(true))
}

// conflicts finds data files that define what a rule defines.
func conflicts(c *ast.Compiler, store storage.Store) error {
	ctx := context.Background()
	return storage.Txn(ctx, store, storage.TransactionParams{}, func(txn storage.Transaction) error {
		if errs := ast.CheckPathConflicts(c, storage.NonEmpty(ctx, store, txn)); len(errs) > 0 {
			return errs
		}
		return nil
	})
}

func query(c *ast.Compiler, store storage.Store, ref ast.Ref) (rego.PreparedEvalQuery, error) {
	body := ast.NewBody(ast.NewExpr(ast.NewTerm(ref)))
	q, err := rego.New(rego.ParsedQuery(body), rego.Compiler(c), rego.Store(store)).PrepareForEval(context.Background())
	if err != nil {
		return q, fmt.Errorf("prepare %s: %w", ref, err)
	}
	return q, nil
}

// messages are the messages of an error, which may join several.
func messages(err error, text map[string][]byte) []string {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var out []string
		for _, e := range joined.Unwrap() {
			out = append(out, messages(e, text)...)
		}
		return out
	}
	return explain(err, text)
}
