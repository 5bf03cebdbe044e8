package store

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func FuzzText(f *testing.F) {
	for _, seed := range []string{"", "plain", "caf\xe9", "a\x00b", "\U0010FFFF", "\U0010FEFF", "\xf4\x8f\xbf", "\xff\U0010FF00\x00"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		kept, err := text(s).Value()
		if err != nil {
			t.Fatal(err)
		}
		if k := kept.(string); !utf8.ValidString(k) || strings.ContainsRune(k, 0) {
			t.Errorf("%q is kept as %q", s, k)
		}
		var back text
		if err := back.Scan(kept); err != nil || string(back) != s {
			t.Errorf("%q came back as %q, %v", s, back, err)
		}
	})
}

func FuzzParseIdentities(f *testing.F) {
	for _, seed := range []string{"", "# x\n", "AGE-SECRET-KEY-1", "AGE-SECRET-KEY-PQ-1", "-----BEGIN", "AGE-PLUGIN-X-1"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if all, err := parseIdentities(data); err == nil && len(all) == 0 {
			t.Error("neither keys nor an error")
		}
	})
}

func TestMoments(t *testing.T) {
	t.Parallel()
	zone := time.FixedZone("x", -3600)
	for in, want := range map[time.Time]time.Time{
		{}: {},
		time.Date(2026, 1, 2, 3, 4, 5, 678_999, zone):  time.Date(2026, 1, 2, 4, 4, 5, 678_000, time.UTC),
		time.Date(1900, 1, 1, 0, 0, 0, 1000, time.UTC): time.Date(1900, 1, 1, 0, 0, 0, 1000, time.UTC),
	} {
		if got := exact(in); got != want {
			t.Errorf("%v came back as %v", in, got)
		}
	}
}
