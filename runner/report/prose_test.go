package report

import (
	"strings"
	"testing"
)

func TestProse(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"servers must not be public":                   "servers must not be public",
		"run `driftless approve 7`, then wait":         "run `driftless approve 7`, then wait",
		"ask @platform (#42), or acme/infra#7!":        "ask `@platform` (`#42`), or `acme/infra#7!`",
		"see https://example.com/x.":                   "see `https://example.com/x`.",
		"aws_s3_bucket.logs is \"public\"":             "`aws_s3_bucket.logs` is \"public\"",
		"3 < 4 & 5 > 2 | 100%":                         "3 `<` 4 `&` 5 `>` 2 `|` 100%",
		"- no list":                                    "`-` no list",
		"1. no list":                                   "`1`. no list",
		"/close":                                       "`/close`",
		"settle it (`driftless workspaces` says how).": "settle it (`driftless workspaces` says how).",
		"(`a`) (`b":                                    "(`a`) ``(`b``",
		"a `b":                                         "a `` `b ``",
		"arn:aws:s3:::x":                               "`arn:aws:s3:::x`",
		"fixes #3, Closes acme/infra#4 and resolves: GH-5": "fixes `#3`, Closes `acme/infra#4` and resolves: `GH-5`",
		"closes https://github.com/acme/infra/issues/3":    "closes `https://github.com/acme/infra/issues/3`",
		"mail anna@acme.example or mailto:x":               "mail `anna@acme.example` or mailto:x",
		"acme/infra@1a2b3c4 !7 infra!7 :tada:":             "`acme/infra@1a2b3c4` `!7` `infra!7` `:tada`:",
		"(@anna) \"@ben\" cara's@team -@dora":              "(`@anna`) \"`@ben`\" `cara's@team` `-@dora`",
		"GH-7 and gh-8":                                    "`GH-7` and `gh-8`",
		"  über  größe — ok ✓ ":                            "über größe — ok ✓",
		"\x1b[31mred\u202e":                                "`\\x1b[31mred\\u202e`",
		"":                                                 "",
	} {
		if got := prose(in); got != want {
			t.Errorf("prose(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestBriefStaysWithinItsBytes(t *testing.T) {
	t.Parallel()
	for _, s := range append(evil, strings.Repeat("`", 500), strings.Repeat("世", 500), strings.Repeat("`a` ", 200), strings.Repeat("@ ", 200), strings.Repeat("\x00", 200)) {
		for n := 20; n < 300; n += 7 {
			if got := briefCode(s, n); len(got) > n+2 {
				t.Errorf("briefCode(%.20q, %d) has %d bytes", s, n, len(got))
			}
			if got := briefProse(s, n); n >= 60 && len(got) > n {
				t.Errorf("briefProse(%.20q, %d) has %d bytes: %s", s, n, len(got), got)
			}
			if got := htmlCode(s, n); n >= 100 && len(got) > n+len("<code></code>") {
				t.Errorf("htmlCode(%.20q, %d) has %d bytes", s, n, len(got))
			}
		}
	}
}

func FuzzProse(f *testing.F) {
	for _, s := range evil {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		line := strings.ReplaceAll(s, "\n", " ")
		checkMarkdown(t, prose(line)+"\n\n- "+prose(line)+"\n- "+code(s)+": "+prose(line)+" ("+code(s)+")\n")
		checkMarkdown(t, "| a | b | c | d |\n|---|---|---|---|\n| "+briefCode(s, 80)+" | "+briefProse(s, 80)+" | x | "+briefProse(s, 30)+" |\n")
		checkMarkdown(t, "<details><summary>"+htmlCode(s, 100)+"</summary>\n\n"+prose(line)+"\n\n</details>\n")
		p := newPager(700)
		p.text(s)
		p.fence("text", excerpt{name: s, text: s})
		for _, page := range p.finish() {
			checkMarkdown(t, page)
		}
	})
}
