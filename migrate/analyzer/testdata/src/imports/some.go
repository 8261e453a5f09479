package imports

import "google.golang.org/grpc"

var someConn grpc.ClientConnInterface

type grpc1 = grpc.ClientConnInterface
