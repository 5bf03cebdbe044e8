package tfstate

import "net/http"

// Environment leads an engine whose backend is "http" to a state at an address on this machine.
func Environment(address, user, password string) map[string]string {
	return map[string]string{
		"TF_HTTP_ADDRESS":        address,
		"TF_HTTP_UPDATE_METHOD":  http.MethodPost,
		"TF_HTTP_LOCK_ADDRESS":   address,
		"TF_HTTP_LOCK_METHOD":    "LOCK",
		"TF_HTTP_UNLOCK_ADDRESS": address,
		"TF_HTTP_UNLOCK_METHOD":  "UNLOCK",
		"TF_HTTP_USERNAME":       user,
		"TF_HTTP_PASSWORD":       password,
		// It is on this machine, and the store has waited for its database already.
		"TF_HTTP_RETRY_MAX":      "2",
		"TF_HTTP_RETRY_WAIT_MIN": "1",
		"TF_HTTP_RETRY_WAIT_MAX": "2",
	}
}
