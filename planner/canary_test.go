package planner

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"
)

// canaries hands out secrets with characters that encodings change, and remembers them.
type canaries []string

// plant returns a new secret as a JSON string.
func (c *canaries) plant() string {
	secret := fmt.Sprintf("cánary-%03d/\"<&>+\\ %%=%d", len(*c), len(*c)*7919)
	*c = append(*c, secret)
	return compact(secret)
}

// latest is the secret that was planted last.
func (c *canaries) latest() string { return (*c)[len(*c)-1] }

// within is the last secret within a text.
func (c *canaries) within(format string) string { return compact(fmt.Sprintf(format, c.latest())) }

// canaryPlan has a secret in every place that may hold one.
func canaryPlan(c *canaries) string {
	resource := func(secret string) string {
		return `"values": {"name": "n", "pw": ` + secret + `}, "sensitive_values": {"pw": true}`
	}
	var variable string
	sections := []string{
		`"format_version": "1.2"`,
		`"variables": {"pw": {"value": ` + c.plant() + `}, "undeclared": {"value": ` + c.plant() + `}, "obj": {"value": {"k": [` + c.plant() + `]}}}`,
		`"planned_values": {"outputs": {"o": {"sensitive": true, "value": ` + c.plant() + `}}, "root_module": {"resources": [{"address": "a.b", ` + resource(c.plant()) + `}],
		  "child_modules": [{"address": "module.m", "resources": [{"address": "module.m.a.b", ` + resource(c.plant()) + `}]}]}}`,
		`"prior_state": {"format_version": "1.0", "values": {"outputs": {"o": {"sensitive": true, "value": [` + c.plant() + `]}}, "root_module": {"resources": [{"address": "data.a.b", ` + resource(c.plant()) + `}]}}}`,
		`"proposed_unknown": {"outputs": {"o": {"sensitive": true, "value": ` + c.plant() + `}}}`,
		`"configuration": {"provider_config": {"p": {"expressions": {"token": {"constant_value": ` + compact(c.latest()) + `}}}},
		  "root_module": {"variables": {"pw": {"sensitive": true, "default": ` + c.plant() + `, "description": ` + c.within("such as %s") + `}, "eph": {"ephemeral": true, "default": ` + c.plant() + `}, "obj": {"sensitive": true}},
		   "outputs": {"o": {"sensitive": true, "expression": {"constant_value": ` + c.plant() + `}}},
		   "resources": [{"address": "a.b", "expressions": {"pw": {"constant_value": ` + compact(c.latest()) + `}, "block": [{"pw": {"constant_value": ` + c.within("x%sx") + `}}]},
		     "provisioners": [{"expressions": {"command": {"constant_value": ` + c.within("login %s") + `}}}]}],
		   "module_calls": {"value": {"expressions": {"arg": {"constant_value": ` + c.plant() + `}}, "module": {"variables": {"arg": {"sensitive": true, "default": ` + c.plant() + `}},
		     "module_calls": {"default": {"module": {"variables": {"deep": {"sensitive": true, "default": {"x": ` + c.plant() + `}}}}}}}}}}}`,
	}
	variable = c.latest()
	changes := []string{
		// whole attribute, nested, element, whole object, and a mask of another shape
		`"before": {"pw": ` + c.plant() + `, "n": {"x": {"pw": ` + c.plant() + `}}, "l": [1, ` + c.plant() + `], "o": {"a": ` + c.plant() + `, "b": [` + c.plant() + `]}, "odd": [` + c.plant() + `]},
		 "after": {"pw": ` + c.plant() + `, "n": {"x": {"pw": ` + c.plant() + `}}, "l": [1, ` + c.plant() + `, 3], "o": {"a": ` + c.plant() + `}, "odd": ` + c.plant() + `, "number": 987654321987},
		 "before_sensitive": {"pw": true, "n": {"x": {"pw": true}}, "l": [false, true], "o": true, "odd": {"x": true}},
		 "after_sensitive": {"pw": true, "n": {"x": {"pw": true}}, "l": [false, true], "o": true, "odd": [true], "number": true}`,
		// not marked, but equal to a secret or with one in it
		`"before": {"same": ` + compact(variable) + `, "number": 987654321987, "becomes": ` + c.plant() + `},
		 "after": {"same": "x", "becomes": "y", "number": 1, "url": ` + compact("postgres://me:"+url.QueryEscape(variable)+"@host/") + `, "doc": ` + compact(`{"pw": `+compact(variable)+`}`) + `,
		  "data": ` + compact(base64.StdEncoding.EncodeToString([]byte("#!/bin/sh\nlogin "+variable+"\n"))) + `, "text": ` + compact("a\nb "+variable+"\nc") + `, "list": [` + compact(variable) + `, "` + strings.Repeat("y", 80) + `"]},
		 "before_sensitive": {}, "after_sensitive": {"becomes": true}, "generated_config": ` + compact("pw = "+compact(variable)) + `, "before_identity": {"x": ` + compact(variable) + `}`,
		`"before": null, "after": {"pw": ` + c.plant() + `, "partly": {"pw": ` + c.plant() + `}}, "after_unknown": {"id": true, "partly": {"id": true}}, "before_sensitive": false, "after_sensitive": {"pw": true, "partly": true}, "importing": {"id": ` + compact(variable) + `}`,
		`"before": ` + `{"pw": ` + c.plant() + `}, "after": null, "before_sensitive": true, "after_sensitive": false`,
	}
	actions := []string{`["update"]`, `["delete", "create"]`, `["create"]`, `["delete"]`}
	var resources, drift []string
	for i, change := range changes {
		resources = append(resources, fmt.Sprintf(`{"address": "a.b%d", "type": "a", "name": "b%d", "change": {"actions": %s, %s}}`, i, i, actions[i], change))
	}
	drift = append(drift, `{"address": "a.b0", "type": "a", "name": "b0", "change": {"actions": ["update"], "before": {"pw": `+c.plant()+`}, "after": {"pw": `+c.plant()+`}, "before_sensitive": {"pw": true}, "after_sensitive": {"pw": true}}}`)
	sections = append(sections,
		`"resource_changes": [`+strings.Join(resources, ",\n")+`]`,
		`"resource_drift": [`+strings.Join(drift, ",\n")+`]`,
		`"deferred_changes": [{"reason": "x", "resource_change": {"address": "a.later", "change": {"actions": ["create"], "after": {"pw": `+c.plant()+`}, "after_sensitive": {"pw": true}}}}]`,
		`"output_changes": {"o": {"actions": ["update"], "before": `+c.plant()+`, "after": `+c.plant()+`, "before_sensitive": true, "after_sensitive": true},
		  "becomes": {"actions": ["update"], "before": `+c.plant()+`, "after": `+compact(c.latest())+`, "before_sensitive": false, "after_sensitive": true}}`,
		`"checks": [{"address": {"to_display": "check.c"}, "status": "fail", "instances": [{"problems": [{"message": `+compact("it is "+variable)+`}]}]}]`,
		`"action_invocations": [{"address": "action.a.b", "config_values": {"token": `+c.plant()+`}, "config_sensitive": {"token": true}}]`,
		`"deferred_action_invocations": [{"reason": "x", "action_invocation": {"address": "action.a.c", "config_values": {"token": `+c.plant()+`}, "config_sensitive": {"token": true}}}]`,
		`"of_the_future": {"anything": `+c.plant()+`}`,
	)
	return "{" + strings.Join(sections, ",\n") + "}"
}

// traces are texts that give a secret away: in each encoding, without what an encoder may add at the ends.
func traces(secret string) []string {
	escaped, err := json.Marshal(secret)
	if err != nil {
		panic(err)
	}
	quoted := strings.Trim(compact(secret), `"`)
	list := []string{secret, quoted, strings.Trim(string(escaped), `"`), strings.Trim(compact(quoted), `"`), url.QueryEscape(secret), url.PathEscape(secret)}
	for offset := range 3 {
		for _, enc := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
			text := enc.EncodeToString([]byte(strings.Repeat("x", offset) + secret))
			list = append(list, text[4:len(text)-2])
		}
	}
	return append(list, secret[:len("cánary-000")]) // unique by itself
}

func TestCanary(t *testing.T) {
	t.Parallel()
	var c canaries
	raw := canaryPlan(&c)
	for _, drift := range []bool{false, true} {
		plan := parsed(t, []byte(raw), ParseOptions{Key: []byte("k"), Drift: drift})
		row, err := json.Marshal(plan)
		if err != nil {
			t.Fatal(err)
		}
		places := map[string]string{
			"stored plan": string(row), "JSON": string(plan.JSON), "report": render(plan), "stored report": render(stored(t, plan)),
			"Go value": fmt.Sprintf("%+v", Plan{Changes: plan.Changes, Drift: plan.Drift, Warnings: plan.Warnings, Volatile: plan.Volatile}),
		}
		for place, text := range places {
			for _, secret := range c {
				for _, trace := range traces(secret) {
					if strings.Contains(text, trace) {
						t.Errorf("%s holds %q of %q", place, trace, secret)
					}
				}
			}
			if strings.Contains(text, "987654321987") {
				t.Errorf("%s holds the sensitive number", place)
			}
		}
		if len(plan.Changes) != 7 || !json.Valid(plan.JSON) {
			t.Errorf("%d changes; JSON is valid: %t", len(plan.Changes), json.Valid(plan.JSON))
		}
	}
}

func TestSecretsAreAllFound(t *testing.T) {
	t.Parallel()
	var c canaries
	plan := parsed(t, []byte(canaryPlan(&c)), ParseOptions{Key: []byte("k")})
	found := map[string]bool{}
	for _, secret := range plan.Secrets {
		found[secret] = true
	}
	missing := 0
	for _, secret := range c {
		if !found[secret] {
			missing++
		}
	}
	if missing != 2 { // one that was not sensitive before, and one in a section that nobody knows
		t.Errorf("%d secrets of %d are not found", missing, len(c))
	}
}

// What is sensitive as a whole stays an object: a policy that asks for an attribute must find that it is hidden.
func TestWholeObjectsKeepTheirShape(t *testing.T) {
	t.Parallel()
	plan := parsed(t, []byte(`{"format_version": "1.2", "resource_changes": [
		{"address": "a.b", "type": "a", "name": "b", "change": {"actions": ["update"], "before": {"x": "1", "n": null}, "after": {"x": "2", "y": 1}, "before_sensitive": true, "after_sensitive": true}},
		{"address": "a.c", "type": "a", "name": "c", "change": {"actions": ["delete"], "before": {"x": "1"}, "after": null, "before_sensitive": {}, "after_sensitive": true}}],
		"planned_values": {"root_module": {"resources": [{"address": "a.b", "values": {"x": "2"}, "sensitive_values": true}]}}}`), ParseOptions{})
	for _, want := range []string{
		`"before":{"n":null,"x":"(sensitive value)"}`, `"after":{"x":"(sensitive value)","y":"(sensitive value)"}`,
		`"path":"y","after":"(sensitive value)"`, `"path":"x","before":"(sensitive value)"`,
		`"before":{"x":"(sensitive value)"}`, `"values":{"x":"(sensitive value)"}`,
	} {
		if text := string(plan.JSON) + compact(plan); !strings.Contains(text, want) {
			t.Errorf("no %s in %s", want, text)
		}
	}
}

// A sensitive value that happens to be a word of the plan format must not blind a policy.
func TestNamesAreNotHidden(t *testing.T) {
	t.Parallel()
	plan := parsed(t, []byte(`{"format_version": "1.2", "variables": {"v": {"value": ["delete", "aws_instance", "aws_instance.web", "managed"]}},
		"configuration": {"root_module": {"variables": {"v": {"sensitive": true}}}},
		"resource_changes": [{"address": "aws_instance.web", "mode": "managed", "type": "aws_instance", "name": "web", "change": {
		 "actions": ["delete"], "before": {"id": "1", "type": "aws_instance", "null": null}, "after": null, "before_sensitive": {"null": true}}}]}`), ParseOptions{})
	var doc struct {
		Changes []struct {
			Address, Mode, Type string
			Change              struct {
				Actions []string
				Before  map[string]any
			}
		} `json:"resource_changes"`
	}
	if err := json.Unmarshal(plan.JSON, &doc); err != nil {
		t.Fatal(err)
	}
	got := doc.Changes[0]
	if got.Address != "aws_instance.web" || got.Mode != "managed" || got.Type != "aws_instance" || got.Change.Actions[0] != "delete" {
		t.Errorf("names are hidden: %+v", got)
	}
	if got.Change.Before["type"] != string(sensitiveValue) || got.Change.Before["id"] != "1" {
		t.Errorf("values: %v", got.Change.Before)
	}
	if value, ok := got.Change.Before["null"]; value != nil || !ok {
		t.Errorf("a sensitive null is %v", value)
	}
}

func TestHiddenValuesAreToldOf(t *testing.T) {
	t.Parallel()
	plan := parsed(t, []byte(`{"format_version": "1.2", "variables": {"v": {"value": "0.0.0.0/0"}},
		"configuration": {"root_module": {"variables": {"v": {"sensitive": true}}}},
		"resource_changes": [{"address": "a.b", "type": "a", "name": "b", "change": {"actions": ["create"], "before": null,
		 "after": {"cidr": "0.0.0.0/0"}, "before_sensitive": false, "after_sensitive": {}}}]}`), ParseOptions{})
	if len(plan.Warnings) != 1 || !strings.Contains(plan.Warnings[0], "a.b:cidr") {
		t.Errorf("Warnings = %q", plan.Warnings)
	}
}
