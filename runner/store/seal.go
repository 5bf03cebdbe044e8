package store

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/klauspost/compress/zstd"

	"github.com/driftlessops/driftless/runner"
)

// maxContent limits what is unpacked, in bytes.
const maxContent = 2 << 30

// sealer compresses and encrypts contents. It may be used concurrently.
type sealer struct {
	keys *Keys
	pack *zstd.Encoder
	open *zstd.Decoder
}

func newSealer(keys *Keys) (*sealer, error) {
	pack, err := zstd.NewWriter(nil)
	if err != nil {
		return nil, err
	}
	open, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(0), zstd.WithDecoderMaxMemory(maxContent))
	if err != nil {
		return nil, err
	}
	return &sealer{keys: keys, pack: pack, open: open}, nil
}

func (s *sealer) close() { s.open.Close() }

func (s *sealer) seal(plain []byte, recipient string) ([]byte, error) {
	return Encrypt(s.pack.EncodeAll(plain, nil), recipient)
}

func (s *sealer) unseal(sealed []byte) ([]byte, error) {
	packed, err := s.keys.Decrypt(sealed)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", runner.ErrDamaged, err)
	}
	plain, err := s.open.DecodeAll(packed, []byte{})
	if err != nil {
		return nil, fmt.Errorf("%w: decompress: %w", runner.ErrDamaged, err)
	}
	return plain, nil
}

// digest tells contents of states apart without telling what they are.
func (s *sealer) digest(content []byte) text {
	mac := hmac.New(sha256.New, s.keys.heldMACs().states)
	mac.Write(content)
	return text(hex.EncodeToString(mac.Sum(nil)))
}
