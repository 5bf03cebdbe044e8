package test

import (
	"fmt"
	"net"
	"sync/atomic"

	"github.com/rogpeppe/go-internal/testscript"
)

// stranger is a server on the network that is none of ours: it hangs up on everybody, and counts them.
type stranger struct{ asked atomic.Int64 }

// meetStranger starts one; $STRANGER is its address.
func meetStranger(ts *testscript.TestScript, s *story, _ []string) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	s.undo = append(s.undo, func() { _ = listener.Close() })
	s.stranger = &stranger{}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			s.stranger.asked.Add(1)
			_ = conn.Close()
		}
	}()
	ts.Setenv("STRANGER", listener.Addr().String())
	return nil
}

// wasAsked checks whether anybody connected to the stranger.
func wasAsked(_ *testscript.TestScript, s *story, args []string) error {
	if err := usage(args, 1, 1, "asked yes|no"); err != nil {
		return err
	}
	if n := s.stranger.asked.Load(); n > 0 != (args[0] == "yes") {
		return fmt.Errorf("the stranger was asked %d times", n)
	}
	return nil
}
