package cloud

import "net/http"

// adminRoutes are what people and tests use, and engines never: no fault hits them, and edits are journaled as such.
func (c *Cloud) adminRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET /_faults", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, c.Faults(), nil)
	})
	mux.HandleFunc("PUT /_faults", c.putFaults)
	mux.HandleFunc("GET /_journal", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, c.Journal(), nil)
	})
	mux.HandleFunc("GET /_objects", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, c.maskedObjects(), nil)
	})
	mux.HandleFunc("PATCH /_edit/{kind}/{ref}", c.patchEdit)
	mux.HandleFunc("DELETE /_edit/{kind}/{ref}", func(w http.ResponseWriter, r *http.Request) {
		answer(w, http.StatusNoContent, nil, c.Delete(r.PathValue("kind"), r.PathValue("ref")))
	})
	mux.HandleFunc("POST /_images", c.postImage)
}

func (c *Cloud) putFaults(w http.ResponseWriter, r *http.Request) {
	var f Faults
	if err := decode(w, r, &f); err != nil {
		answer(w, 0, nil, err)
		return
	}
	c.SetFaults(f)
	answer(w, http.StatusOK, c.Faults(), nil)
}

func (c *Cloud) patchEdit(w http.ResponseWriter, r *http.Request) {
	var attributes map[string]any
	if err := decode(w, r, &attributes); err != nil {
		answer(w, 0, nil, err)
		return
	}
	o, err := c.Edit(r.PathValue("kind"), r.PathValue("ref"), attributes)
	answer(w, http.StatusOK, o.shown(), err)
}

func (c *Cloud) postImage(w http.ResponseWriter, r *http.Request) {
	var image Image
	if err := decode(w, r, &image); err != nil {
		answer(w, 0, nil, err)
		return
	}
	image, err := c.PublishImage(image.Family, image.Name)
	answer(w, http.StatusCreated, image, err)
}

// maskedObjects are the objects as people may see them.
func (c *Cloud) maskedObjects() []Object {
	objects := c.Objects()
	for i, o := range objects {
		objects[i].Attributes = maskSecrets(o.Kind, o.Attributes)
	}
	return objects
}
