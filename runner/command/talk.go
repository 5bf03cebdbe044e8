package command

import "strings"

func set(words string) map[string]bool {
	all := map[string]bool{}
	for _, w := range strings.Fields(words) {
		all[w] = true
	}
	return all
}

var (
	// talk are the words after "driftless", or after a verb, that make a sentence of a line.
	talk = set(`is isn't was wasn't are aren't were weren't be been has hasn't had hadn't have haven't do does doesn't did didn't don't
		will won't would wouldn't can can't cannot could couldn't should shouldn't must mustn't may might needs need
		fails failed failing works worked working broke breaks broken says said seems seemed looks looked shows showed takes took
		gives gave made makes got gets never not no nor of vs
		plans planned planning applies applied applying approves approved approving cancels canceled cancelled canceling
		cancelling unlocks unlocked unlocking helps helped helping`)
	// restrictions are words that ask for something else than the command alone.
	restrictions = set(`if when whenever once after before until till unless later tomorrow tonight only just except excluding but without`)
	// polite are words that mean nothing here.
	polite = set(`please pls plz thanks thank thx ty now again`)
	// elsewhere are the commands of the program that are none of comments.
	elsewhere = set(`audit backup completion demo drift gc history keys policy replicas repositories restore runs serve show state validate version worker workspaces`)
	// engineFlags are flags that people give to Terraform and OpenTofu.
	engineFlags = set(`auto-approve destroy lock lock-timeout out parallelism reconfigure refresh refresh-only replace state target upgrade var var-file`)
)

// isTalk reports whether a word, in lower case, makes a sentence of a line.
func isTalk(w string) bool { return talk[strings.ReplaceAll(w, "’", "'")] }
