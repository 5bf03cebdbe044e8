package provider

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"

	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
)

// IsPlugin reports whether an engine started this program as a provider, given its name and environment
// (os.Args[0], os.Environ()). It must be asked before anything is written to standard output.
func IsPlugin(argv0 string, environ []string) bool {
	if strings.HasPrefix(filepath.Base(argv0), "terraform-provider-") {
		return true
	}
	for _, variable := range environ {
		if name, value, _ := strings.Cut(variable, "="); name == "TF_PLUGIN_MAGIC_COOKIE" && value != "" {
			return true
		}
	}
	return false
}

// Serve is the provider, until the engine that started it ends it.
func Serve() error {
	err := providerserver.Serve(context.Background(), func() provider.Provider { return cloudProvider{} },
		providerserver.ServeOpts{Address: Source})
	if err != nil {
		return fmt.Errorf("serve provider %s: %w", Source, err)
	}
	return nil
}

// Hash is the SHA-256 of the running executable, in hex. Engines refuse a provider that changed under a lock file or a kept
// data directory: a mirror's path that contains the hash never holds another one.
func Hash() (string, error) { return hash() }

var hash = sync.OnceValues(func() (string, error) {
	f, err := openSelf()
	if err != nil {
		return "", fmt.Errorf("hash executable: %w", err)
	}
	defer func() { _ = f.Close() }()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", fmt.Errorf("hash executable: %w", err)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
})

// openSelf opens the running executable, on Linux even one that was deleted or replaced since.
func openSelf() (*os.File, error) {
	if runtime.GOOS == "linux" {
		return os.Open("/proc/self/exe")
	}
	path, err := os.Executable()
	if err != nil {
		return nil, err
	}
	return os.Open(path)
}

// Install copies the running executable into an unpacked filesystem mirror, as the provider. mirrorDir must contain Hash in
// its path: what is there already is taken to be the same. It is atomic, and safe in parallel and across processes.
func Install(mirrorDir string) error {
	dir := filepath.Join(mirrorDir, filepath.FromSlash(Source), Version, runtime.GOOS+"_"+runtime.GOARCH)
	target := filepath.Join(dir, "terraform-provider-cloud_v"+Version)
	if runtime.GOOS == "windows" {
		target += ".exe"
	}
	if _, err := os.Stat(target); err == nil {
		return nil
	} else if !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("install provider: %w", err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("install provider: %w", err)
	}
	// The copy is made beside the mirror's leaf: an engine takes every file in that as part of the provider.
	copied, err := copySelf(filepath.Dir(dir))
	if err == nil {
		err = errors.Join(os.Rename(copied, target), removeLeft(copied))
	}
	if err != nil {
		return fmt.Errorf("install provider in %s: %w", mirrorDir, err)
	}
	return nil
}

// copySelf copies the running executable to a new file in dir. No process may be started meanwhile: it would inherit the
// open file for a moment, and the kernel runs no file that is open for writing.
func copySelf(dir string) (name string, err error) {
	from, err := openSelf()
	if err != nil {
		return "", err
	}
	defer func() { _ = from.Close() }()
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	to, err := os.CreateTemp(dir, ".installing-*")
	if err != nil {
		return "", err
	}
	_, err = io.Copy(to, from)
	if err == nil {
		err = to.Chmod(0o755)
	}
	if err = errors.Join(err, to.Close()); err != nil {
		return "", errors.Join(err, removeLeft(to.Name()))
	}
	return to.Name(), nil
}

func removeLeft(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
