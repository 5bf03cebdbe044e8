package report

import (
	"math"
	"strings"
)

// pager writes blocks of lines into pages of limited size. What is open when a page is full is closed on that page and
// opened again on the next one.
type pager struct {
	limit   int // bytes a page
	atom    int // bytes that a line may have that cannot be split
	pages   []string
	page    strings.Builder
	open    []container // outermost first
	closing int         // bytes that it takes to close all that is open
	fresh   bool        // the page holds nothing but what was opened on it
}

// container is a Markdown block that holds others.
type container struct {
	open  string // opens it
	again string // opens it on a further page
	close string
}

// maxAtom keeps the lines of prose at a length that people read.
const maxAtom = 2000

func newPager(limit int) *pager {
	if limit <= 0 {
		limit = math.MaxInt
	}
	return &pager{limit: limit, atom: min(limit/3, maxAtom), fresh: true}
}

// room is how many bytes the page still takes.
func (p *pager) room() int { return p.limit - p.page.Len() - p.closing }

// fullRoom is how many bytes a further page would take.
func (p *pager) fullRoom() int {
	room := p.limit - p.closing
	for _, c := range p.open {
		room -= len(c.again)
	}
	return room
}

// write writes whole lines that stay together. They must fit on a page (see atom).
func (p *pager) write(s string) {
	p.keep(len(s))
	p.page.WriteString(s)
	p.fresh = false
}

// paragraph writes s as a block of its own.
func (p *pager) paragraph(s string) { p.write(s + "\n\n") }

// keep begins a page unless this one takes n more bytes.
func (p *pager) keep(n int) {
	if n > p.room() && !p.fresh {
		p.turn()
	}
}

// prefer begins a page unless this one takes n more bytes, when that leaves no more than a quarter of it empty.
func (p *pager) prefer(n int) {
	if p.room() < p.limit/4 {
		p.keep(n)
	}
}

// turn ends the page and begins the next.
func (p *pager) turn() {
	p.end()
	for _, c := range p.open {
		p.page.WriteString(c.again)
	}
	p.fresh = true
}

func (p *pager) end() {
	for i := len(p.open) - 1; i >= 0; i-- {
		p.page.WriteString(p.open[i].close)
	}
	p.pages = append(p.pages, strings.TrimRight(p.page.String(), "\n"))
	p.page.Reset()
}

// push opens a container, on the next page if this one has no room for it and its first bytes of content.
func (p *pager) push(c container, content int) {
	frame := len(c.open) + len(c.close)
	p.prefer(frame + content)
	p.keep(frame + min(content, p.atom/2))
	p.page.WriteString(c.open)
	p.open = append(p.open, c)
	p.closing += len(c.close)
}

// pop closes the innermost container.
func (p *pager) pop() {
	last := len(p.open) - 1
	c := p.open[last]
	p.open = p.open[:last]
	p.closing -= len(c.close)
	p.page.WriteString(c.close)
	p.fresh = false
}

// finish returns the pages. Nothing may be open.
func (p *pager) finish() []string {
	if !p.fresh || len(p.pages) == 0 {
		p.end()
	}
	return p.pages
}
