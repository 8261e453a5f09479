package imports

import "google.golang.org/grpc"

func interceptors() []grpc.UnaryClientInterceptor { return nil }

// The import needs another name, because this one is taken.
var inprocchain2 = 2
