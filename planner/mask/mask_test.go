package mask

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"testing"
)

func TestString(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		values []string
		in     string
		want   string
	}{
		{"nothing known", nil, "plain text", "plain text"},
		{"raw", []string{"hunter2"}, "password=hunter2;", "password=***;"},
		{"twice", []string{"hunter2"}, "hunter2hunter2", "******"},
		{"too short", []string{"abc", "    "}, "abc    ", "abc    "},
		{"longest first", []string{"secret", "secret-key-1"}, "secret-key-1", "***"},
		{"contained", []string{"cret", "a-secret-b"}, "a-secret-b cret", "*** ***"},
		{"overlapping", []string{"abcd", "cdef"}, "xabcdefx", "x***x"},
		{"nearly", []string{"aaaab"}, "aaaaaaaab aaaa", "aaaa*** aaaa"},
		{"JSON", []string{`a"b\c<d`}, `{"k":"a\"b\\c<d"} a\"b\\c\u003cd`, `{"k":"***"} ***`},
		{"JSON in JSON", []string{`pa"ss`}, `"{\"k\":\"pa\\\"ss\"}"`, `"{\"k\":\"***\"}"`},
		{"ASCII JSON", []string{"pässword"}, `p\u00e4ssword`, "***"},
		{"HCL", []string{"a${b}"}, `"a$${b}"`, `"***"`},
		{"query", []string{"p w/&=1"}, "q=p+w%2F%26%3D1 q=p%20w%2f%26%3d1", "q=*** q=***"},
		{"user information", []string{"p@ss:w/d"}, "https://me:p%40ss%3Aw%2Fd@host/", "https://me:***@host/"},
		{"by line", []string{"first-line-1\n  second-line-2\r\n}"}, "| second-line-2\n| first-line-1 }", "| ***\n| *** }"},
		{"with its line end", []string{"token-1234\n"}, "t=token-1234.", "t=***."},
		{"whole value over lines", []string{"ab\ncd"}, "x ab\ncd y", "x *** y"},
		{"not UTF-8", []string{"\xff\xfe\xfdab"}, "x\xff\xfe\xfdaby", "x***y"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var m Masker
			m.Add(tt.values...)
			if got := m.String(tt.in); got != tt.want {
				t.Errorf("String(%q) = %q, want %q", tt.in, got, tt.want)
			}
		})
	}
}

func TestBase64InAnyPlace(t *testing.T) {
	t.Parallel()
	var m Masker
	secret := "sup3r-s3cret/val?e~"
	m.Add(secret)
	for before := range 7 {
		for after := range 4 {
			plain := strings.Repeat("x", before) + secret + strings.Repeat("y", after)
			for _, enc := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding, base64.RawStdEncoding, base64.RawURLEncoding} {
				got := m.String(enc.EncodeToString([]byte(plain)))
				if !strings.Contains(got, Replacement) {
					t.Errorf("%d bytes before and %d after: %q is not masked", before, after, got)
				}
				if len(strings.ReplaceAll(got, Replacement, "")) > 4*(before+after)/3+6 {
					t.Errorf("%d bytes before and %d after: %q leaves too much", before, after, got)
				}
			}
		}
	}
}

func TestNilMaskerMasksNothing(t *testing.T) {
	t.Parallel()
	var m *Masker
	if got := m.String("text"); got != "text" {
		t.Errorf("String = %q", got)
	}
}

func TestManyLongValuesTakeBoundedMemory(t *testing.T) {
	t.Parallel()
	var m Masker
	m.Add("short/secret")
	for i := range 8 {
		m.Add(strings.Repeat(fmt.Sprintf("long value %d/", i), 1_000))
	}
	if got := m.String("a short/secret, short%2Fsecret, " + strings.Repeat("long value 3/", 1_000)); got != "a ***, ***, ***" {
		t.Errorf("String = %q", got)
	}
	if nodes := len(m.search.nodes); nodes > 2_000_000 {
		t.Errorf("%d nodes", nodes)
	}
}

func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	var m Masker
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			secret := fmt.Sprintf("secret-number-%d", i)
			m.Add(secret)
			if got := m.String("x " + secret); got != "x ***" {
				t.Errorf("String = %q", got)
			}
		})
	}
	wg.Wait()
}

func FuzzMask(f *testing.F) {
	f.Add("hunter2", "other", "password=hunter2")
	f.Add("aaaa", "aaaab", "aaaaaaaab")
	f.Add("a\"b\nc", "%&+/", "a%22b")
	f.Fuzz(func(t *testing.T, one, two, text string) {
		var m Masker
		m.Add(one, two)
		encoded, err := json.Marshal(one)
		if err != nil {
			t.Fatal(err)
		}
		text += one + string(encoded) + url.QueryEscape(two) + text + base64.StdEncoding.EncodeToString([]byte(one))
		masked := m.String(text)
		for _, secret := range []string{one, two} {
			if len(secret) >= minValue && strings.TrimSpace(secret) != "" && !strings.Contains(secret, "*") && strings.Contains(masked, secret) {
				t.Errorf("%q is left in %q", secret, masked)
			}
		}
	})
}

func BenchmarkString(b *testing.B) {
	var m Masker
	for i := range 300 {
		m.Add(fmt.Sprintf("AKIA%dsecret/%d+value", i*7919, i))
	}
	text := strings.Repeat("aws_instance.web[12]: Refreshing state... [id=i-0123456789abcdef0]\n", 15000)
	m.String("")
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		m.String(text)
	}
}
