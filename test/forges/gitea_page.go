package forges

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// Gitea's sizes of pages: [api] DEFAULT_PAGING_NUM and MAX_RESPONSE_ITEMS. A larger limit is cut down without a word.
const (
	giteaPageSize = 30
	giteaPageMax  = 50
)

// giteaPage returns the part of a list that was asked for, and the answer's header with the count of all. Only some lists
// have links to the other pages as well.
func giteaPage[T any](c *giteaCall, list []T, links bool) ([]T, http.Header) {
	number, size := c.paging()
	from := min((number-1)*size, len(list))
	header := http.Header{"X-Total-Count": {strconv.Itoa(len(list))}}
	if l := c.links(number, size, len(list)); links && l != "" {
		header.Set("Link", l)
	}
	return list[from:min(from+size, len(list))], header
}

// giteaList answers with a page of a list.
func giteaList[T any](c *giteaCall, list []T, links bool) reply {
	part, header := giteaPage(c, list, links)
	return reply{status: http.StatusOK, body: append([]T{}, part...), header: header}
}

func (c *giteaCall) paging() (number, size int) {
	number, _ = strconv.Atoi(c.query("page", ""))
	size, _ = strconv.Atoi(c.query("limit", ""))
	if size <= 0 {
		size = giteaPageSize
	}
	return max(number, 1), min(size, giteaPageMax)
}

func (c *giteaCall) links(number, size, total int) string {
	last := max((total+size-1)/size, 1)
	link := func(rel string, to int) string {
		u := *c.URL
		q := u.Query()
		q.Set("page", strconv.Itoa(to))
		u.RawQuery = q.Encode()
		return fmt.Sprintf(`<%s%s>; rel=%q`, c.web, u.RequestURI(), rel)
	}
	var all []string
	if number < last {
		all = append(all, link("next", number+1), link("last", last))
	}
	if number > 1 {
		all = append(all, link("first", 1), link("prev", min(number-1, last)))
	}
	return strings.Join(all, ",")
}
