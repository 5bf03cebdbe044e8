package runner

import "testing"

func TestSelector(t *testing.T) {
	t.Parallel()
	prod, dev := map[string]string{"env": "prod", "team": "data"}, map[string]string{"env": "dev"}
	for _, test := range []struct {
		s               Selector
		prod, dev, none bool
	}{
		{nil, true, true, true},
		{Selector{"env=prod"}, true, false, false},
		{Selector{"env!=prod"}, false, true, true},
		{Selector{"env=prod", "team!=data"}, false, false, false},
		{Selector{"env=prod", "team=data"}, true, false, false},
		{Selector{"env=prod", "env=dev"}, false, false, false},
		{Selector{"env!=prod", "env!=dev"}, false, false, true},
		{Selector{"env="}, false, false, false},
		{Selector{"env=a=b"}, false, false, false},
	} {
		if got := [3]bool{test.s.Takes(prod), test.s.Takes(dev), test.s.Takes(nil)}; got != [3]bool{test.prod, test.dev, test.none} {
			t.Errorf("%s: %v", test.s, got)
		}
		if err := test.s.Check(); err != nil {
			t.Error(err)
		}
	}
	for _, bad := range []string{"", "env", "=prod", "!=prod"} {
		if (Selector{bad}).Check() == nil {
			t.Errorf("%q is a condition", bad)
		}
	}
}
