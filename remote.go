package inprocchain

import (
	"fmt"
	"slices"
	"sync"

	"google.golang.org/grpc"

	"github.com/inprocchain/inprocchain/internal/rpc"
)

// A remote says where the RPCs of some services go that are not served by the Channel. It has
// either conn or target.
type remote struct {
	services    []string // nil means all that are not registered
	conn        grpc.ClientConnInterface
	target      string
	dialOptions []grpc.DialOption
}

// withRemote returns a new list with r, which takes precedence.
func withRemote(remotes []remote, r remote) []remote { return append(slices.Clip(remotes), r) }

// String says where the RPCs go.
func (r remote) String() string {
	to := r.target
	if r.conn != nil {
		to = fmt.Sprintf("%T", r.conn)
	}
	if r.services == nil {
		return fmt.Sprintf("%s for services that are not registered", to)
	}
	return fmt.Sprintf("%s for %v", to, r.services)
}

// mustBeDialable panics if [grpc.NewClient] refuses the target or the dial options of r.
func (r remote) mustBeDialable(function string, chain Chain) {
	if r.conn != nil {
		return
	}
	conn, err := r.dial(chain)
	if err != nil {
		misuse(function, "grpc.NewClient refuses the target %q of WithRemoteTarget: %v", r.target, err)
	}
	_ = conn.Close()
}

func (r remote) dial(chain Chain) (*grpc.ClientConn, error) {
	return grpc.NewClient(r.target, append(chain.dialOptionsOfTarget(), r.dialOptions...)...)
}

// A dialed is the connection of one client to a remote, which is made when it is first needed.
type dialed struct {
	remote remote
	chain  Chain

	mu       sync.Mutex
	conn     *grpc.ClientConn
	isClosed bool
}

// dialAll returns the remotes of chain as connections of one client.
func dialAll(chain Chain) (all []*dialed, remotes []*rpc.Remote) {
	for _, r := range chain.remotes {
		d := &dialed{remote: r, chain: chain}
		all = append(all, d)
		remotes = append(remotes, &rpc.Remote{Services: r.services, Conn: d.get})
	}
	return all, remotes
}

// get returns the connection. Nobody waits for a lock while it is dialed: of two callers
// that dial, the second one closes its connection.
func (d *dialed) get() (grpc.ClientConnInterface, error) {
	if d.remote.conn != nil {
		return d.remote.conn, nil
	}
	if conn := d.current(); conn != nil {
		return conn, nil
	}
	conn, err := d.remote.dial(d.chain)
	if err != nil {
		return nil, err
	}
	kept, isClosed := d.keep(conn)
	if kept != conn || isClosed {
		_ = conn.Close()
	}
	return kept, nil
}

func (d *dialed) current() *grpc.ClientConn {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.conn
}

// keep returns the connection that is kept, which is conn unless one was made before. It
// reports whether d is closed.
func (d *dialed) keep(conn *grpc.ClientConn) (kept *grpc.ClientConn, isClosed bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.conn == nil {
		d.conn = conn
	}
	return d.conn, d.isClosed
}

// close closes the connection, and one that is dialed later.
func (d *dialed) close() {
	d.mu.Lock()
	d.isClosed = true
	conn := d.conn
	d.mu.Unlock()
	if conn != nil {
		_ = conn.Close()
	}
}
