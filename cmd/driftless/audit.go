package main

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/driftlessops/driftless/runner"
	"github.com/driftlessops/driftless/runner/audit"
	"github.com/driftlessops/driftless/runner/server"
)

func newAudit(a *app) *cobra.Command {
	cmd := group(&cobra.Command{
		Use:   "audit",
		Short: "Export the audit log, and prove that it is whole",
		Long: `audit reads the log of all that driftless decided and did: one record for each, never changed, each with the hash of the one before.

Who knows the hash of a record, its head, can tell later whether anything before it was changed. Keep heads where nobody who can write
to the database can: with each export, in a ticket, in a mail.`,
		Example: `  driftless audit export > audit.jsonl
  driftless audit verify`,
	})
	cmd.AddCommand(newAuditExport(a), newAuditVerify(a), newAuditHead(a))
	return cmd
}

// period are the flags of a stretch of time.
type period struct{ from, to string }

func (p *period) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&p.from, "from", "", "only since this `time`: 2026-01-31, or 2026-01-31T12:00:00Z; without a zone UTC")
	cmd.Flags().StringVar(&p.to, "to", "", "only before this `time`")
}

func (p *period) query() (url.Values, error) {
	query := url.Values{}
	for name, text := range map[string]string{"from": p.from, "to": p.to} {
		if text == "" {
			continue
		}
		at, err := time.Parse(time.RFC3339, text)
		if err != nil {
			at, err = time.Parse(time.DateOnly, text)
		}
		if err != nil {
			return nil, fmt.Errorf("--%s %q is not a time such as 2026-01-31 or 2026-01-31T12:00:00Z", name, text)
		}
		query.Set(name, at.UTC().Format(time.RFC3339Nano))
	}
	return query, nil
}

func newAuditExport(a *app) *cobra.Command {
	var p period
	cmd := &cobra.Command{
		Use:   "export",
		Short: "Write the audit log as JSON or CSV",
		Long: `export writes the records of the audit log, oldest first: with -o json, the default, one JSON object on each line; with -o csv a table for
a spreadsheet, in which a text that could be taken for a formula has a ' before it. Each record holds its hash and that of the record
before. The hash of the last one is the head; it is told on standard error as well.

--from and --to take a whole stretch of the log, from the first record since then to the last before then.`,
		Example: `  driftless audit export > audit.jsonl
  driftless audit export --from 2026-01-01 --to 2026-04-01 -o csv > quarter.csv
  driftless audit export | jq 'select(.kind == "approved") | {at, actor, workspace, run}'`,
		Args:        takes(0, 0, ""),
		Annotations: map[string]string{outputs: "csv"},
		RunE:        func(cmd *cobra.Command, _ []string) error { return a.exportAudit(cmd.Context(), p) },
	}
	p.flags(cmd)
	return cmd
}

func (a *app) exportAudit(ctx context.Context, p period) error {
	query, err := p.query()
	if err != nil {
		return err
	}
	conn, err := a.connect(ctx)
	if err != nil {
		return err
	}
	defer conn.close()
	w, err := audit.NewWriter(a.out, a.output)
	if err != nil {
		return err
	}
	var view server.AuditView
	if err := conn.Get(ctx, "/v1/audit", query, &view); err != nil {
		return err
	}
	var first, last audit.Record
	err = eachRecord(ctx, conn.Client, view, func(r audit.Record) error {
		if first.ID == 0 {
			first = r
		}
		last = r
		return w.Write(r)
	})
	if err == nil {
		err = w.Flush()
	}
	switch {
	case err != nil:
		return fmt.Errorf("export the audit log: %w", err)
	case last.ID == 0:
		a.say("There are no records of that time.")
	default:
		a.say("Exported records %d to %d. Head: %s", first.ID, last.ID, last.Hash)
	}
	return nil
}

// eachRecord reads the records of a stretch of time, page by page.
func eachRecord(ctx context.Context, client *server.Client, view server.AuditView, each func(audit.Record) error) error {
	for after := view.After; after < view.Until; {
		var page []audit.Record
		err := client.Get(ctx, "/v1/audit/records", url.Values{
			"after": {strconv.FormatInt(after, 10)}, "until": {strconv.FormatInt(view.Until, 10)},
		}, &page)
		if err != nil || len(page) == 0 {
			return err
		}
		for _, r := range page {
			if err := each(r); err != nil {
				return err
			}
			after = r.ID
		}
	}
	return nil
}

func newAuditVerify(a *app) *cobra.Command {
	var head string
	cmd := &cobra.Command{
		Use:   "verify [FILE]",
		Short: "Check that no record of the audit log was changed, removed, added or moved",
		Long: `verify computes the hashes of the audit log anew, in the database or in an exported FILE (- is standard input), and names each record that
was changed, removed, added or moved. In the database it also compares what driftless history lists by address with what the records say
themselves, and demands that a record says so where old ones were removed. It ends with exit code 1 if anything does not fit.

Who can write to the database can also compute all hashes anew. --head finds that: give the hash that an earlier export ended with, or the
line that driftless audit head printed, and verify proves that all there was then is still what comes before. Without it, records removed
at the very end are not missed.`,
		Example: `  driftless audit verify
  driftless audit verify --head 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
  driftless audit verify audit.jsonl`,
		Args: takes(0, 1, "at most one exported file"),
		RunE: func(cmd *cobra.Command, args []string) error {
			chain := &audit.Chain{}
			if err := noted(chain, head); err != nil {
				return err
			}
			if len(args) > 0 {
				return a.verifyFile(args[0], chain)
			}
			return a.verifyAudit(cmd.Context(), *chain)
		},
	}
	cmd.Flags().StringVar(&head, "head", "", "the `hash` of a record that must be there, or its number and its hash")
	return cmd
}

// noted reads a head as it was noted: a hash, or a number and a hash.
func noted(chain *audit.Chain, head string) (err error) {
	words := strings.Fields(head)
	switch len(words) {
	case 0:
		return nil
	case 2:
		chain.HeadID, err = strconv.ParseInt(words[0], 10, 64)
	}
	if chain.Head = strings.ToLower(words[len(words)-1]); err != nil || len(words) > 2 || len(chain.Head) != 64 {
		return fmt.Errorf("--head %q is not a hash, or a number and a hash, as `driftless audit head` prints them", head)
	}
	return nil
}

func (a *app) verifyFile(path string, chain *audit.Chain) error {
	in := io.ReadCloser(os.Stdin)
	if path != "-" {
		file, err := os.Open(path)
		if err != nil {
			return err
		}
		in = file
	}
	err := audit.Read(in, func(r audit.Record) error { chain.Add(r); return nil })
	if closed := in.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return fmt.Errorf("%s is no export of the audit log, or was damaged: %w", path, err)
	}
	return a.verified(path, chain)
}

func (a *app) verifyAudit(ctx context.Context, head audit.Chain) error {
	conn, err := a.connect(ctx)
	if err != nil {
		return err
	}
	defer conn.close()
	for {
		chain := head
		view, err := readLog(ctx, conn.Client, &chain)
		if err != nil {
			return fmt.Errorf("read the audit log: %w", err)
		}
		var now server.AuditView
		if err := conn.Get(ctx, "/v1/audit", nil, &now); err != nil {
			return err
		}
		if now.PrunedTo != view.PrunedTo {
			continue // old records were removed meanwhile
		}
		if view.Pruned > 0 {
			a.say("%s, the last was record %d; what follows is checked.", count(int(view.Pruned), "old record was pruned", "old records were pruned"), view.PrunedTo)
		}
		return a.verified("The audit log", &chain)
	}
}

// readLog checks all records, and what is listed by address.
func readLog(ctx context.Context, client *server.Client, chain *audit.Chain) (view server.AuditView, err error) {
	if err := client.Get(ctx, "/v1/audit", nil, &view); err != nil {
		return view, err
	}
	chain.Log = &runner.Anchor{ID: view.PrunedTo, Hash: view.PrunedAs, Events: view.Pruned, At: view.PrunedAt}
	if err := eachRecord(ctx, client, view, func(r audit.Record) error { chain.Add(r); return nil }); err != nil {
		return view, err
	}
	if view.Lost {
		chain.Problems = append(chain.Problems, "there are runs, and not one record: the log was removed")
	}
	chain.Done()
	return view, checkChanges(ctx, client, chain)
}

// checkChanges compares what `driftless history` lists with the records.
func checkChanges(ctx context.Context, client *server.Client, chain *audit.Chain) error {
	for after := int64(0); ; {
		var page server.ChangesView
		if err := client.Get(ctx, "/v1/audit/changes", url.Values{"after": {strconv.FormatInt(after, 10)}}, &page); err != nil {
			return err
		}
		chain.Problems = append(chain.Problems, page.Problems...)
		if after = page.Until; after == 0 {
			return nil
		}
	}
}

// verified says what was found.
func (a *app) verified(what string, chain *audit.Chain) error {
	problems := chain.Done()
	for _, problem := range problems {
		a.say("driftless: %s", oneLine(problem))
	}
	switch {
	case len(problems) > 0:
		return exitCode(1)
	case chain.Count == 0:
		a.say("%s has no records.", what)
		return nil
	}
	_, err := fmt.Fprintf(a.out, "%s is whole: %s, %d to %d. Head: %s\n", what, count(chain.Count, "record", "records"), chain.First.ID, chain.Last.ID, chain.Last.Hash)
	return err
}

func newAuditHead(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "head",
		Short: "Print the hash of the newest record of the audit log",
		Long: `head prints the id and the hash of the newest record. Kept somewhere else, it proves later, with verify --head, that nothing before it was
changed.`,
		Example: `  driftless audit head
  driftless audit head -o json | jq -r .hash`,
		Args: takes(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error { return a.auditHead(cmd.Context()) },
	}
}

func (a *app) auditHead(ctx context.Context) error {
	conn, err := a.connect(ctx)
	if err != nil {
		return err
	}
	defer conn.close()
	var view server.AuditView
	if err := conn.Get(ctx, "/v1/audit", nil, &view); err != nil {
		return err
	}
	if a.output == "json" {
		return printJSON(a.out, map[string]any{"id": view.Last, "hash": view.Head})
	}
	_, err = fmt.Fprintf(a.out, "%d %s\n", view.Last, view.Head)
	return err
}
