package planner

import "fmt"

// header says what happens to the object, in Terraform's words.
func (c Change) header() []string {
	name := visible(c.Address)
	if c.Deposed != "" {
		name += fmt.Sprintf(" (deposed object %s)", visible(c.Deposed))
	}
	var lines []string
	if c.Action == Move {
		lines = append(lines, fmt.Sprintf("%s has moved to %s", visible(c.PreviousAddress), name))
	} else {
		lines = append(lines, name+" "+c.verb())
		if c.PreviousAddress != "" {
			lines = append(lines, fmt.Sprintf("(moved from %s)", visible(c.PreviousAddress)))
		}
	}
	if c.Importing != "" {
		lines = append(lines, fmt.Sprintf("(imported: %s)", visible(c.Importing)))
	}
	if because, ok := reasons[c.Reason]; ok {
		lines = append(lines, "("+because+")")
	}
	return lines
}

// verb is what happens, as the sentence goes on after the address.
func (c Change) verb() string {
	if c.Kind == KindOutput {
		return "will be " + map[Action]string{Create: "added", Update: "changed", Delete: "removed", Replace: "changed"}[c.Action]
	}
	switch c.Action {
	case Create:
		return "will be created"
	case Update:
		return "will be updated in-place"
	case Delete:
		return "will be destroyed"
	case Forget:
		return "will no longer be managed, and will not be destroyed"
	case Import:
		return "will be imported"
	case Invoke:
		return "will be invoked"
	case Replace:
		switch c.Reason {
		case "replace_because_tainted":
			return "is tainted, so it must be replaced"
		case "replace_by_request":
			return "will be replaced, as requested"
		case "replace_by_triggers":
			return "will be replaced due to changes in replace_triggered_by"
		}
		return "must be replaced"
	}
	return "will be read during apply"
}

// reasons are the engine's action reasons that say more than the verb.
var reasons = map[string]string{
	"delete_because_no_resource_config": "because it is not in the configuration",
	"delete_because_wrong_repetition":   "because the resource uses another kind of count or for_each",
	"delete_because_count_index":        "because its index is out of range for count",
	"delete_because_each_key":           "because its key is not in for_each",
	"delete_because_no_module":          "because its module is not in the configuration",
	"delete_because_no_move_target":     "because it was moved to an address that is not in the configuration",
}
