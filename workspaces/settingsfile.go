package workspaces

import (
	"fmt"

	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/hashicorp/hcl/v2"
)

// fileSettings are the settings in driftless.hcl of one tree. They are shared and must not be changed.
type fileSettings struct {
	Settings
	file   string // its name and the id of its blob; "" = there is none
	blocks blockIndex
	src    []byte
	diags  hcl.Diagnostics
}

// settingsFiles remembers the files that were parsed last, by name and content. One has a block for each of a thousand workspaces.
var settingsFiles = func() *lru.Cache[string, fileSettings] {
	cache, err := lru.New[string, fileSettings](16)
	if err != nil {
		panic(err)
	}
	return cache
}()

func (v *view) readSettings(name string, at place) (fileSettings, error) {
	file := fmt.Sprintf("%s %v %s", name, at.entry.Mode, at.entry.ID)
	if known, ok := settingsFiles.Get(file); ok {
		return known, nil
	}
	src, err := v.tree.Read(at.path)
	if err != nil {
		return fileSettings{}, err
	}
	c, diags := Parse(RepositoryFile, name, src)
	found := fileSettings{c.Settings, file, indexBlocks(c.Settings.Workspaces), src, diags}
	if !diags.HasErrors() && len(src) <= maxCachedFile {
		settingsFiles.Add(file, found)
	}
	return found, nil
}

// blockIndex finds workspace blocks by what they are about: the first one counts.
type blockIndex map[target]*Block

func indexBlocks(blocks []Block) blockIndex {
	index := make(blockIndex, len(blocks))
	for i := range blocks {
		if t := blocks[i].target(); index[t] == nil {
			index[t] = &blocks[i]
		}
	}
	return index
}
