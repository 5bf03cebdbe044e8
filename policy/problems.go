package policy

// Problems are what keeps sources from judging, whatever the plan: files that cannot be read or do not compile, sources
// without a rule. Every verdict of the set is an Error while there are any.
func (s *Set) Problems() []Result {
	var all []Result
	for _, source := range s.sources {
		all = append(all, source.broken...)
	}
	return all
}
