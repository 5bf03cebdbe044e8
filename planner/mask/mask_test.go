package mask

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
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

func TestWriterIsLikeString(t *testing.T) {
	t.Parallel()
	var m Masker
	m.Add("abcd", "cdef", "aaaab", "aab-aab-x", "ab\ncd")
	text := "xxabcdefaaaaaabaab-aab-aab-xab\ncdeabcabcdcdefabc aaaa"
	want := m.String(text)
	for size := 1; size <= len(text); size++ {
		var out bytes.Buffer
		w := m.Writer(&out)
		for at := 0; at < len(text); at += size {
			if _, err := w.Write([]byte(text[at:min(at+size, len(text))])); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if out.String() != want {
			t.Errorf("in writes of %d bytes: %q, want %q", size, out.String(), want)
		}
	}
}

func TestWriterHoldsBackOnlyBeginnings(t *testing.T) {
	t.Parallel()
	var m Masker
	m.Add("secret-value")
	var out bytes.Buffer
	w := m.Writer(&out)
	write(t, w, "a line\nsec")
	if out.String() != "a line\n" {
		t.Errorf("after the first write: %q", out.String())
	}
	m.Add("section") // known from now on
	write(t, w, "tion")
	if out.String() != "a line\n***" {
		t.Errorf("after the second write: %q", out.String())
	}
}

func write(t *testing.T, w io.Writer, text string) {
	t.Helper()
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
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

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestWriterKeepsItsError(t *testing.T) {
	t.Parallel()
	w := new(Masker).Writer(failing{})
	for range 2 {
		if _, err := w.Write([]byte("x")); err == nil || err.Error() != "disk full" {
			t.Errorf("Write: %v", err)
		}
	}
	if err := w.Close(); err == nil {
		t.Error("Close reports nothing")
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
	f.Add("hunter2", "other", "password=hunter2", 3)
	f.Add("aaaa", "aaaab", "aaaaaaaab", 1)
	f.Add("a\"b\nc", "%&+/", "a%22b", 2)
	f.Fuzz(func(t *testing.T, one, two, text string, size int) {
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
		if size < 1 {
			size = 1
		}
		var out strings.Builder
		w := m.Writer(&out)
		for at := 0; at < len(text); at += min(size, len(text)) {
			if _, err := w.Write([]byte(text[at:min(at+min(size, len(text)), len(text))])); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if out.String() != masked {
			t.Errorf("in writes of %d: %q, want %q", size, out.String(), masked)
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
