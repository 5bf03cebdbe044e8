package command

import (
	"math"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// reader reads what follows a verb.
type reader struct {
	command *Command
	words   []word
	problem *Problem // the first one
	talk    bool     // the line is a sentence
}

// maxValue is the longest value of a flag, in bytes.
const maxValue = 500

var (
	commit     = regexp.MustCompile(`^(?i:[0-9a-f]{7,40})$`)
	hex        = regexp.MustCompile(`^(?i:[0-9a-f]{7,})$`)
	hasDigit   = regexp.MustCompile(`[0-9]`)
	startsSo   = regexp.MustCompile(`^#?[0-9]`)
	numberList = regexp.MustCompile(`^[0-9]+(,[0-9]+)*$`)
	hasPath    = regexp.MustCompile(`[^/:]/[^/]|^\./|^/[^/]`)
)

func (r *reader) read() {
	for len(r.words) > 0 {
		w := r.words[0]
		r.words = r.words[1:]
		name, value, isFlag := w.flag()
		switch {
		case isFlag:
			r.flag(name, value)
		case len(r.command.Ignored) > 0:
			r.ignore(w)
		case r.joins(w):
		case !r.argument(w):
			r.judge(w)
			r.ignore(w)
		}
	}
}

func (r *reader) fail(p *Problem) {
	if r.problem == nil {
		r.problem = p
	}
}

func (r *reader) ignore(w word) { r.command.Ignored = append(r.command.Ignored, w.bare()) }

// joins reports whether a word only leads to a number: "run 12", "12 and 13".
func (r *reader) joins(w word) bool {
	switch strings.ToLower(w.text) {
	case "run", "runs", "and", "&":
		return len(r.words) > 0 && isNumber(r.words[0].bare())
	}
	return false
}

// argument reads a run's number or a commit.
func (r *reader) argument(w word) bool {
	verb, text := r.command.Verb, w.bare()
	switch {
	case verb == Plan && commit.MatchString(text):
		if r.command.Commit != "" {
			r.fail(problemf("`driftless plan` plans one commit: %s is a second one.", quote(text)))
		}
		r.command.Commit = strings.ToLower(text)
	case verb != Plan && numberList.MatchString(text):
		for n := range strings.SplitSeq(text, ",") {
			r.run(n)
		}
	case hex.MatchString(text) && hasDigit.MatchString(text) && verb == Plan:
		r.fail(problemf("%s is no commit: the whole of one has 40 hex digits.", quote(text)))
	case hex.MatchString(text) && hasDigit.MatchString(text):
		r.fail(problemf("`driftless %s` takes no commit. Only `driftless plan` does.", verb))
	case startsSo.MatchString(text) && verb == Plan:
		r.fail(problemf("%s is no commit: write at least 7 of its hex digits (all 40 for a fork), or choose what to plan with `-w WORKSPACE`.", quote(text)))
	case startsSo.MatchString(text):
		r.fail(problemf("%s is not the number of a run: write it as the report does, such as `driftless %s 12`.", quote(text), verb))
	default:
		return false
	}
	return true
}

func (r *reader) run(text string) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 1 || n == math.MaxInt64 {
		r.fail(problemf("%s is not the number of a run.", quote(text)))
		return
	}
	if !slices.Contains(r.command.Runs, n) {
		r.command.Runs = append(r.command.Runs, n)
	}
}

// judge looks at the first word that is no argument: it says whether the rest is small talk.
func (r *reader) judge(w word) {
	verb, text := r.command.Verb, w.bare()
	lower := strings.ToLower(text)
	switch {
	case isTalk(lower) && !w.quoted:
		r.talk = true
	case restrictions[lower] && !w.quoted:
		r.fail(problemf("driftless does not understand %s, and would do it all, and at once. Write `driftless %s` when it is time, and choose with `-w WORKSPACE` or `-d DIR`.", quote(text), verb))
	case w.quoted || hasPath.MatchString(text):
		r.fail(problemf("%s says nothing to `driftless %s`. To choose a workspace or a directory, write `-w` or `-d` before it.", quote(text), verb))
	}
}

// flag reads one flag. value is what was given with it by an equals sign.
func (r *reader) flag(name string, value *word) {
	kind := map[string]string{"w": "workspace", "workspace": "workspace", "d": "dir", "dir": "dir"}[name]
	switch {
	case engineFlags[name]:
		r.fail(problemf("`-%s` is a flag of the engine, and those are not taken from comments. `driftless %s` takes `-w WORKSPACE` and `-d DIR`.", name, r.command.Verb))
		return
	case kind == "":
		dashes := "-"
		if len(name) > 1 {
			dashes = "--"
		}
		r.fail(problemf("There is no flag %s. `driftless %s` takes `-w WORKSPACE` and `-d DIR`.", quote(dashes+name), r.command.Verb))
		return
	}
	if value == nil && len(r.words) > 0 {
		if _, _, isFlag := r.words[0].flag(); !isFlag {
			value = &r.words[0]
			r.words = r.words[1:]
		}
	}
	if value == nil || value.bare() == "" {
		r.fail(problemf("The flag `-%s` lacks its value: write `-%s %s`.", kind[:1], kind[:1], strings.ToUpper(kind)))
		return
	}
	text := value.bare()
	switch {
	case len(text) > maxValue || strings.ContainsFunc(text, func(c rune) bool { return !unicode.IsGraphic(c) }):
		r.fail(problemf("The value of `-%s` is too long or holds characters that cannot be seen: %s.", kind[:1], quote(text)))
	case !value.quoted && strings.ContainsAny(text, ",\"'`“”‘’"):
		r.fail(problemf("%s is not one value: write `-%s` once for each, and close quotation marks.", quote(text), kind[:1]))
	case kind == "workspace":
		r.command.Workspaces = add(r.command.Workspaces, text)
	default:
		r.dir(text)
	}
}

// dir takes a directory of the repository; a leading slash is the repository's root.
func (r *reader) dir(text string) {
	dir := path.Clean(strings.TrimLeft(text, "/"))
	if strings.TrimLeft(text, "/") == "" {
		dir = "."
	}
	if dir == ".." || strings.HasPrefix(dir, "../") {
		r.fail(problemf("%s lies outside of the repository: write a directory as seen from its root.", quote(text)))
		return
	}
	r.command.Dirs = add(r.command.Dirs, dir)
}

func add(all []string, s string) []string {
	if slices.Contains(all, s) {
		return all
	}
	return append(all, s)
}
