package supervisor

// self is the program that runs, also when its file was replaced by another version since.
func self() string { return "/proc/self/exe" }
