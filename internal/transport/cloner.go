package transport

import "github.com/inprocchain/inprocchain/internal/clone"

// Cloner is the [inprocgrpc.Cloner] to install on an [inprocgrpc.Channel]. Its
// copies are *clone.Owned, and what is owned or comes from our client it hands
// over instead of copying it once more.
type Cloner struct {
	Cloner clone.Cloner
}

// Clone returns a copy of in, as an owned message.
func (c *Cloner) Clone(in any) (any, error) {
	owned := new(clone.Owned)
	if err := c.Cloner.Clone(owned, in); err != nil {
		return nil, err
	}
	return owned, nil
}

// Copy makes out what in is.
func (c *Cloner) Copy(out, in any) error {
	rpc, ok := in.(*unaryRPC)
	if unclaimed, ours := out.(*unaryRPC); ours && !ok {
		unclaimed.response, unclaimed.ended = in, true
		unclaimed.err = unclaimed.receive()
		return nil
	}
	switch {
	case !ok:
		return c.Cloner.Copy(out, in)
	case out == in:
		if rpc.ended { // otherwise run tells of the context
			rpc.err = rpc.receive()
		}
		return nil
	}
	return rpc.decode(out)
}
