package cloud

import (
	"fmt"
	"slices"
	"strings"
)

// Image is a machine image that the cloud's owner publishes: the latest of a family changes without anybody's doing, so a
// configuration that asks for it drifts from upstream.
type Image struct {
	ID     string `json:"id"`
	Family string `json:"family"`
	Name   string `json:"name"`
}

// firstImages are in every new cloud.
func firstImages() []Image {
	return []Image{
		{ID: "img-debian-1", Family: "debian", Name: "debian-12.1"},
		{ID: "img-alpine-1", Family: "alpine", Name: "alpine-3.20"},
	}
}

// Images returns every image, oldest first.
func (c *Cloud) Images() []Image {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.state.Images)
}

// PublishImage makes a new image, which is then the latest of its family.
func (c *Cloud) PublishImage(family, name string) (Image, error) {
	if family == "" || name == "" {
		return Image{}, invalid("an image needs a family and a name")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	image := Image{ID: newID("img-" + strings.ToLower(family)), Family: family, Name: name}
	err := c.commit(Entry{Op: OpEdit, Kind: "image", ID: image.ID, Name: name, After: map[string]any{
		"name": name, "family": family,
	}})
	if err != nil {
		return Image{}, fmt.Errorf("publish image %s: %w", name, err)
	}
	return image, nil
}

// latestImage returns the newest image of a family.
func (c *Cloud) latestImage(family string) (Image, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, image := range slices.Backward(c.state.Images) {
		if image.Family == family {
			return image, nil
		}
	}
	return Image{}, notFound("no image of family %q", family)
}
