package inprocchain

import (
	"sync"

	"github.com/fullstorydev/grpchan/inprocgrpc"

	"github.com/inprocchain/inprocchain/internal/rpc"
)

// services is what all clients of the same services share.
type services struct {
	inproc *inprocgrpc.Channel
	server *rpc.Server

	mu         sync.Mutex           // guards the fields below
	clients    map[*Client]struct{} // that have something to close
	isClosed   bool                 // They are closed, and so are later ones.
	hasNetwork bool                 // NewServer has been called.
}

// add has client be closed with the services. It reports false if they are closed already.
func (s *services) add(client *Client) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.isClosed {
		return false
	}
	if s.clients == nil {
		s.clients = map[*Client]struct{}{}
	}
	s.clients[client] = struct{}{}
	return true
}

func (s *services) remove(client *Client) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.clients, client)
}

// closeClients lets go of what the clients have. Their RPCs have ended.
func (s *services) closeClients() {
	s.mu.Lock()
	clients := s.clients
	s.clients, s.isClosed = nil, true
	s.mu.Unlock()
	for client := range clients {
		client.retire()
	}
}

func (s *services) setNetwork() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hasNetwork = true
}

func (s *services) isOnNetwork() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.hasNetwork
}
