package planner

import (
	"fmt"
	"strings"
	"testing"
)

// Anybody can hide a value from policies with sensitive(), so that it is said when one is hidden that was not before.
func TestWhatBecomesSensitiveIsSaid(t *testing.T) {
	t.Parallel()
	plan := func(actions, before, after, beforeMask, afterMask string) string {
		return fmt.Sprintf(`{"format_version":"1.2","resource_changes":[{"address":"t.a","type":"t","name":"a","provider_name":"p",
			"change":{"actions":[%s],"before":%s,"after":%s,"before_sensitive":%s,"after_sensitive":%s,"after_unknown":{"id":true}}}]}`,
			actions, before, after, beforeMask, afterMask)
	}
	const update, replace = `"update"`, `"delete","create"`
	for name, c := range map[string]struct{ raw, want string }{
		"an attribute":           {plan(update, `{"v":"public"}`, `{"v":"open to all"}`, `{}`, `{"v":true}`), "1 attribute became sensitive in this plan: policies and readers cannot see it: t.a:v"},
		"of one value":           {plan(update, `{"v":"same text"}`, `{"v":"same text"}`, `{}`, `{"v":true}`), "1 attribute became sensitive in this plan: policies and readers cannot see it: t.a:v"},
		"two that are replaced":  {plan(replace, `{"v":1,"l":[{"x":"a"}]}`, `{"v":2,"l":[{"x":"b"}]}`, `{}`, `{"v":true,"l":[{"x":true}]}`), "2 attributes became sensitive in this plan: policies and readers cannot see them: t.a:l[0].x, t.a:v"},
		"a container":            {plan(update, `{"l":[1,"a"]}`, `{"l":[2,"b"]}`, `{"l":[false,true]}`, `{"l":true}`), "1 attribute became sensitive in this plan: policies and readers cannot see it: t.a:l"},
		"a create":               {plan(`"create"`, `null`, `{"v":"open to all"}`, `false`, `{"v":true}`), ""},
		"sensitive before":       {plan(update, `{"v":"public"}`, `{"v":"open to all"}`, `{"v":true}`, `{"v":true}`), ""},
		"not sensitive any more": {plan(update, `{"v":"public"}`, `{"v":"open to all"}`, `{"v":true}`, `{}`), ""},
		"absent before":          {plan(update, `{"v":null}`, `{"v":"open to all"}`, `{}`, `{"v":true}`), ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var said []string
			for _, w := range parsed(t, []byte(c.raw), ParseOptions{}).Warnings {
				if strings.Contains(w, "sensitive in this plan") {
					said = append(said, w)
				}
			}
			if got := strings.Join(said, "\n"); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}
