package cloud

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net/netip"
	"time"
)

// newID makes an id that was never used before.
func newID(prefix string) string {
	var b [6]byte
	_, _ = rand.Read(b[:]) // never fails
	return prefix + "-" + hex.EncodeToString(b[:])
}

// computeNew sets what the server decides when an object is made. network is the network of a server.
func computeNew(o Object, network Object, now time.Time) {
	a := o.Attributes
	a["arn"] = fmt.Sprintf("arn:driftless:%s:%s", o.Kind, o.ID)
	a["created_at"] = now.UTC().Format(time.RFC3339)
	a["revision"] = float64(0)
	switch o.Kind {
	case "server":
		a["ip"] = address(network, o.ID)
		a["root_password"] = rand.Text()
	case "database":
		a["endpoint"] = fmt.Sprintf("%s.%s.db.driftless.local", o.ID, a["engine"])
	}
}

// computeAgain sets what the server decides at every write.
func computeAgain(o Object) {
	a := o.Attributes
	revision, _ := a["revision"].(float64)
	a["revision"] = revision + 1
	for name, spec := range kinds[o.Kind].attributes {
		if a[name] == nil && spec.standard != nil {
			a[name] = spec.standard
		}
	}
	if o.Kind == "database" {
		a["password_fingerprint"] = fingerprint(o.ID, a["password"])
	}
	for name, value := range a {
		if value == nil {
			delete(a, name)
		}
	}
}

// fingerprint tells whether a password is still the same without telling it.
func fingerprint(id string, password any) any {
	if password == nil {
		return nil
	}
	sum := sha256.Sum256([]byte(id + "\x00" + password.(string)))
	return hex.EncodeToString(sum[:6])
}

// address picks an address in the network from an id.
func address(network Object, id string) any {
	cidr, _ := network.Attributes["cidr"].(string)
	prefix, err := netip.ParsePrefix(cidr)
	if err != nil {
		return nil
	}
	sum := sha256.Sum256([]byte(id))
	hosts := uint32(1)<<(32-prefix.Bits()) - 2
	base := prefix.Masked().Addr().As4()
	var out [4]byte
	binary.BigEndian.PutUint32(out[:], binary.BigEndian.Uint32(base[:])+1+binary.BigEndian.Uint32(sum[:])%hosts)
	return netip.AddrFrom4(out).String()
}
