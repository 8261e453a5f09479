package main

import (
	"cmp"
	"context"
	"slices"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"

	pb "github.com/inprocchain/inprocchain/examples/flags/flagspb"
)

// service keeps flags in memory. It does not depend on how it is served.
type service struct {
	pb.UnimplementedFlagsServer

	closing chan struct{} // closed to end the watches

	mu    sync.Mutex
	flags map[string]*entry
}

type entry struct {
	flag    *pb.Flag // immutable
	deleted chan struct{}
}

func newService() *service {
	return &service{closing: make(chan struct{}), flags: map[string]*entry{}}
}

// close ends the watches, which would otherwise delay a graceful shutdown. Call
// it once.
func (s *service) close() { close(s.closing) }

// Create adds a flag.
func (s *service) Create(_ context.Context, req *pb.CreateRequest) (*pb.Flag, error) {
	if req.GetKey() == "" {
		return nil, status.Error(codes.InvalidArgument, "a flag needs a key")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.flags[req.GetKey()]; ok {
		return nil, status.Errorf(codes.AlreadyExists, "flag %q exists; delete it first", req.GetKey())
	}
	flag := &pb.Flag{Key: req.GetKey(), Description: req.GetDescription(), Enabled: req.GetEnabled()}
	s.flags[flag.GetKey()] = &entry{flag: flag, deleted: make(chan struct{})}
	return flag, nil
}

// Get returns a flag.
func (s *service) Get(_ context.Context, req *pb.GetRequest) (*pb.Flag, error) {
	found, err := s.find(req.GetKey())
	if err != nil {
		return nil, err
	}
	return found.flag, nil
}

// List returns all flags, ordered by key.
func (s *service) List(context.Context, *pb.ListRequest) (*pb.ListResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	response := new(pb.ListResponse)
	for _, e := range s.flags {
		response.Flags = append(response.Flags, e.flag)
	}
	slices.SortFunc(response.Flags, func(a, b *pb.Flag) int { return cmp.Compare(a.GetKey(), b.GetKey()) })
	return response, nil
}

// Delete removes a flag, which ends its watches.
func (s *service) Delete(_ context.Context, req *pb.DeleteRequest) (*emptypb.Empty, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	found, ok := s.flags[req.GetKey()]
	if !ok {
		return nil, notFound(req.GetKey())
	}
	delete(s.flags, req.GetKey())
	close(found.deleted)
	return new(emptypb.Empty), nil
}

// Watch sends the flag now and once more when it is deleted.
func (s *service) Watch(req *pb.WatchRequest, stream grpc.ServerStreamingServer[pb.WatchResponse]) error {
	watched, err := s.find(req.GetKey())
	if err != nil {
		return err
	}
	if err := stream.Send(&pb.WatchResponse{Change: pb.WatchResponse_CHANGE_PRESENT, Flag: watched.flag}); err != nil {
		return err
	}
	select {
	case <-watched.deleted:
		return stream.Send(&pb.WatchResponse{Change: pb.WatchResponse_CHANGE_DELETED, Flag: watched.flag})
	case <-s.closing:
		return status.Error(codes.Unavailable, "the service is stopping; watch again later")
	case <-stream.Context().Done():
		// A status, so that interceptors see Canceled and not an error of code Unknown.
		return status.FromContextError(stream.Context().Err()).Err()
	}
}

func (s *service) find(key string) (*entry, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	found, ok := s.flags[key]
	if !ok {
		return nil, notFound(key)
	}
	return found, nil
}

func notFound(key string) error {
	return status.Errorf(codes.NotFound, "there is no flag %q; create it first", key)
}
