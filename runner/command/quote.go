package command

import (
	"regexp"
	"strings"
)

// plainName is a name that stands for itself after -w.
var plainName = regexp.MustCompile(`^[A-Za-z0-9._/][A-Za-z0-9._/@+-]*$`)

// Quote writes the name of a workspace as a command has it after -w. No name with all kinds of quotation marks can be given.
func Quote(name string) string {
	if plainName.MatchString(name) && !strings.HasSuffix(name, ".") || name == "." {
		return name
	}
	for _, marks := range []string{`"`, `'`, "`"} {
		if !strings.Contains(name, marks) {
			return marks + name + marks
		}
	}
	return "“" + name + "”"
}
