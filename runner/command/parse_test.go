package command

import (
	"reflect"
	"strings"
	"testing"
)

// ask is a command without its line.
func ask(verb Verb, change ...func(*Command)) Command {
	c := Command{Verb: verb}
	for _, f := range change {
		f(&c)
	}
	return c
}

func runs(n ...int64) func(*Command)          { return func(c *Command) { c.Runs = n } }
func at(commit string) func(*Command)         { return func(c *Command) { c.Commit = commit } }
func of(names ...string) func(*Command)       { return func(c *Command) { c.Workspaces = names } }
func in(dirs ...string) func(*Command)        { return func(c *Command) { c.Dirs = dirs } }
func ignoring(words ...string) func(*Command) { return func(c *Command) { c.Ignored = words } }
func more(lines ...string) func(*Command)     { return func(c *Command) { c.More = lines } }

func TestCommands(t *testing.T) {
	t.Parallel()
	const commit = "1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d"
	for body, want := range map[string]Command{
		"driftless plan":                               ask(Plan),
		"/driftless plan":                              ask(Plan),
		"@driftless plan":                              ask(Plan),
		"   DriftLess PLAN  ":                          ask(Plan),
		"Driftless, plan please!":                      ask(Plan, ignoring("please")),
		"driftless, please plan that":                  ask(Plan, ignoring("that")),
		"driftless: apply":                             ask(Apply),
		"driftless plan please":                        ask(Plan, ignoring("please")),
		"driftless plan.":                              ask(Plan),
		"driftless apply -w prod thanks!":              ask(Apply, of("prod"), ignoring("thanks")),
		"driftless apply please -w prod.":              ask(Apply, of("prod"), ignoring("please")),
		"driftless plan -w a -w=b --workspace c":       ask(Plan, of("a", "b", "c")),
		"driftless plan -W a -w a —workspace b":        ask(Plan, of("a", "b")),
		"driftless plan -workspace=a –d b":             ask(Plan, of("a"), in("b")),
		"driftless plan -d ./prod//app/ --dir=/x":      ask(Plan, in("prod/app", "x")),
		"driftless plan -d . -d /":                     ask(Plan, in(".")),
		"driftless plan -d a/../b":                     ask(Plan, in("b")),
		"driftless plan -w `prod` -w \"a b\" -w='c,d'": ask(Plan, of("prod", "a b", "c,d")),
		"driftless plan -w “prod”.":                    ask(Plan, of("prod")),
		"driftless plan -w infra//prod@blue":           ask(Plan, of("infra//prod@blue")),
		"driftless plan -- thanks":                     ask(Plan, ignoring("--", "thanks")),
		"driftless plan 1A2B3C4":                       ask(Plan, at("1a2b3c4")),
		"driftless plan 1234567":                       ask(Plan, at("1234567")),
		"driftless plan `" + commit + "`, please":      ask(Plan, at(commit), ignoring("please")),
		"driftless plan all, fixes #12 1234567":        ask(Plan, ignoring("all", "fixes", "#12", "1234567")),
		"driftless approve 12":                         ask(Approve, runs(12)),
		"driftless approve 12, 13 and 14.":             ask(Approve, runs(12, 13, 14)),
		"driftless approve run 12":                     ask(Approve, runs(12)),
		"driftless approve 12,13 12":                   ask(Approve, runs(12, 13)),
		"driftless approve 12 because of ticket 4711":  ask(Approve, runs(12), ignoring("because", "of", "ticket", "4711")),
		"driftless apply 12 -w prod":                   ask(Apply, runs(12), of("prod")),
		"driftless cancel":                             ask(Cancel),
		"driftless unlock -d prod":                     ask(Unlock, in("prod")),
		"driftless help":                               ask(Help),
		"driftless help apply 12":                      ask(Help),
		"driftless":                                    ask(Help),
		"@driftless":                                   ask(Help),
		"driftless apply?":                             ask(Help),
		"driftless apply --help":                       ask(Help),
		"driftless plan -h":                            ask(Help),
		"driftless apply it, it's fine":                ask(Apply, ignoring("it", "it's", "fine")),
		"driftless\u00a0plan":                          ask(Plan),
		"Looks good.\n\ndriftless apply":               ask(Apply),
		"Looks good:\ndriftless apply\nThanks":         ask(Apply),
		"Looks good:\r\ndriftless apply\r\nThanks":     ask(Apply),
		"driftless apply\n--\nAnna":                    ask(Apply),
		"- first\n\n  driftless plan":                  ask(Plan),
		"> driftless apply\n\ndriftless plan":          ask(Plan),
		"driftless is great\n\ndriftless plan":         ask(Plan),
		"driftless plan\ndriftless apply":              ask(Plan, more("driftless apply")),
		"driftless plan\n\ndriftless aply\n- x":        ask(Plan, more("driftless aply")),
		"<!-- x -->\ndriftless plan":                   ask(Plan),
		"see `a\nb`\ndriftless plan":                   ask(Plan),
		"<details>\n\ndriftless plan\n\n</details>":    ask(Plan),
	} {
		got, ok, problem := Parse(body)
		if !ok || problem != nil {
			t.Errorf("Parse(%q): %v, %+v", body, ok, problem)
			continue
		}
		if got.Line == "" || !strings.Contains(body, got.Line) {
			t.Errorf("Parse(%q) is of line %q", body, got.Line)
		}
		got.Line = ""
		if !reflect.DeepEqual(got, want) {
			t.Errorf("Parse(%q) = %+v, want %+v", body, got, want)
		}
	}
}

func TestTalk(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		"", "plan", "please driftless plan", "driftless-plan", "driftless/plan is red", "driftless.hcl: plan", "driftlessplan",
		"driftless is great", "Driftless planned this", "driftless, thanks", "driftless thanks!", "driftless rocks!", "Driftless planned", "driftless is",
		"driftless apply failed again, why?", "driftless apply is broken", "driftless plan -w prod doesn’t work", "driftless apply 12 failed",
		"driftless plan: 3 of 12 planned", "driftless aplly deletes too much here", "driftless - a tool", "driftless 1.2 is out", "@driftless thanks!",
		"driftless apply not yet", "driftless 👍",
		"    driftless plan", "\tdriftless plan", "```\ndriftless plan\n```", "~~~ sh\ndriftless plan\n~~~", "```\ndriftless plan", "> driftless plan",
		"> quoted\ndriftless plan", "> > a\n> driftless plan", "<!--\ndriftless plan\n-->", "see <!-- a\ndriftless plan\n-->", "<!-- x --> driftless plan",
		"<pre>\ndriftless plan\n</pre>", "- driftless plan", "1. driftless plan", "# driftless plan", "**driftless plan**", "`driftless plan`",
		"see `a\ndriftless plan\nb`", "- a\n\n      driftless plan", "a\n     driftless plan", "| driftless plan |",
		strings.Repeat("> ", 200) + "\ndriftless plan",
	} {
		if c, ok, problem := Parse(body); ok {
			t.Errorf("Parse(%q) = %+v, %+v; it is talk", body, c, problem)
		}
	}
}

func TestProblems(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]struct {
		verb Verb
		text string
	}{
		"driftless, nice":                            {"", "There is no command `nice`."},
		"driftless foo":                              {"", "There is no command `foo`. `driftless help` lists all."},
		"driftless aply":                             {"", "Did you mean `driftless apply`?"},
		"driftless aply -w prod please":              {"", "Did you mean `driftless apply`?"},
		"@driftless aprove 12":                       {"", "Did you mean `driftless approve`?"},
		"driftless paln":                             {"", "Did you mean `driftless plan`?"},
		"driftless unlcok":                           {"", "Did you mean `driftless unlock`? `driftless help` lists all."},
		"driftless replan":                           {"", "There is no command `replan`."},
		"/driftless is great":                        {"", "There is no command `is`."},
		"/driftless planned this":                    {"", "Did you mean `driftless plan`?"},
		"/driftless plan: x":                         {"", "Did you mean `driftless plan`?"},
		"/driftless `x`y @a":                         {"", "There is no command `'x'y`."},
		"driftless -w prod":                          {"", "does not say what to do"},
		"driftless show 7":                           {"", "`driftless show` is a command of the machine that driftless runs on"},
		"driftless runs --all":                       {"", "`driftless runs` is a command of the machine"},
		"driftless plan -- -target=x":                {Plan, "`-target` is a flag of the engine"},
		"driftless 12":                               {"", "does not say what to do"},
		"/driftless apply is broken":                 {Apply, "reads like a sentence"},
		"driftless apply -p x":                       {Apply, "no flag `-p`"},
		"driftless apply please --wrkspace x":        {Apply, "no flag `--wrkspace`"},
		"driftless apply -wprod":                     {Apply, "no flag `--wprod`"},
		"driftless apply -w":                         {Apply, "`-w` lacks its value: write `-w WORKSPACE`"},
		"driftless apply -w -d x":                    {Apply, "`-w` lacks its value"},
		"driftless apply --dir=":                     {Apply, "`-d` lacks its value: write `-d DIR`"},
		"driftless apply -w a,b":                     {Apply, "write `-w` once for each"},
		"driftless apply -w \"a b":                   {Apply, "close quotation marks"},
		"driftless apply -w a\u200bb":                {Apply, "cannot be seen: `a?b`"},
		"driftless apply -d ../x":                    {Apply, "`../x` lies outside of the repository"},
		"driftless apply prod/app":                   {Apply, "write `-w` or `-d` before it"},
		"driftless apply `prod`":                     {Apply, "write `-w` or `-d` before it"},
		"driftless apply when it is green":           {Apply, "does not understand `when`"},
		"driftless apply only prod":                  {Apply, "does not understand `only`"},
		"driftless approve #12":                      {Approve, "`#12` is not the number of a run"},
		"driftless approve 12-14":                    {Approve, "`12-14` is not the number of a run"},
		"driftless approve 0":                        {Approve, "`0` is not the number of a run"},
		"driftless approve 99999999999999999999":     {Approve, "is not the number of a run"},
		"driftless apply 1a2b3c4":                    {Apply, "takes no commit"},
		"driftless plan 12":                          {Plan, "`12` is no commit: write at least 7 of its hex digits (all 40 for a fork)"},
		"driftless plan 1a2b3c4 2a2b3c4":             {Plan, "`2a2b3c4` is a second one"},
		"driftless plan " + strings.Repeat("1a", 40): {Plan, "has 40 hex digits"},
	} {
		c, ok, problem := Parse(body)
		switch {
		case !ok || problem == nil:
			t.Errorf("Parse(%q) = %+v, %v without a problem", body, c, ok)
		case !strings.Contains(problem.Text, want.text) || c.Verb != want.verb || c.Line != body:
			t.Errorf("Parse(%q) = %+v, %+v", body, c, problem)
		}
	}
}

// TestHostileComments reads comments that are costly for parsers of Markdown.
func TestHostileComments(t *testing.T) {
	t.Parallel()
	for _, piece := range []string{">", "> ", "- ", "-", "<!--", "`", "``` ", "a`", "<a ", "<?", "\n", "\n\n- a", "[", "*_", "1. ", " ", "driftless -"} {
		Parse("a driftless " + strings.Repeat(piece, 8000/len(piece)) + "\ndriftless plan")
	}
	if _, ok, _ := Parse(strings.Repeat("x\n", maxBody/2) + "driftless plan"); ok {
		t.Error("what is beyond the limit was read")
	}
}

// TestCostlyComments has comments whose parsing would take seconds: they are not parsed.
func TestCostlyComments(t *testing.T) {
	for _, piece := range []string{"a <!-- b\n", "a <? b\n", "a <!A b\n", "a <![CDATA[ b\n", "` ", "x`` `", strings.Repeat("> ", maxDepth+1) + "a\n"} {
		hostile := strings.Repeat(piece, 60000/len(piece))
		if _, ok, _ := Parse("driftless plan\n\n" + hostile); ok {
			t.Errorf("%q was parsed", piece)
		}
		unaddressed := hostile + "\n\nask driftless plan"
		if n := testing.AllocsPerRun(1, func() { Parse(unaddressed) }); n > 10000 { // the race detector has some per line; parsing has far more
			t.Errorf("%q: %.0f allocations", piece, n)
		}
	}
}

func TestTable(t *testing.T) {
	t.Parallel()
	for _, v := range verbs {
		if !strings.Contains(Table(), "`driftless "+string(v)) {
			t.Errorf("%s is not in the table", v)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"driftless plan -w `a b` 1a2b3c4", "> driftless apply", "/driftless aply --dir=x", "```\ndriftless\n```\n@driftless approve 12, 13"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, body string) {
		c, ok, problem := Parse(body)
		if !ok {
			if problem != nil || !reflect.DeepEqual(c, Command{}) {
				t.Errorf("nothing is asked, and yet: %+v, %+v", c, problem)
			}
			return
		}
		if problem != nil && strings.Count(problem.Text, "`")%2 == 1 {
			t.Errorf("a word leaves its code: %s", problem.Text)
		}
		if again, ok, p := parseLine(c.Line); !ok || !reflect.DeepEqual(p, problem) || again.Verb != c.Verb || !reflect.DeepEqual(again.Runs, c.Runs) {
			t.Errorf("%q alone is %+v, %+v; was %+v, %+v", c.Line, again, p, c, problem)
		}
		if c, ok, _ := Parse("> " + strings.ReplaceAll(body, "\n", "\n> ")); ok && !strings.Contains(body, "\r") {
			t.Errorf("a quotation is a command: %+v", c)
		}
	})
}

func TestQuotedNamesAreReadAgain(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"app": "app", "infra//prod/app@blue": "infra//prod/app@blue", ".": ".", "two words": `"two words"`, `a "b"`: `'a "b"'`, `"it's"`: "`\"it's\"`",
		"end.": `"end."`, "end!": `"end!"`, "-w": `"-w"`, "a,b": `"a,b"`, "`x`": "\"`x`\"", "’": `"’"`, "\"'`": "“\"'`”",
	} {
		if got := Quote(name); got != want {
			t.Errorf("Quote(%q) = %s, want %s", name, got, want)
		}
		c, ok, problem := Parse("driftless apply -w " + Quote(name))
		if !ok || problem != nil || len(c.Workspaces) != 1 || c.Workspaces[0] != name {
			t.Errorf("%s is read as %+v, %+v", Quote(name), c, problem)
		}
	}
}
