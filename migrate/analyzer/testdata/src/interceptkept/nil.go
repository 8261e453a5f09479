package interceptkept

import (
	"github.com/fullstorydev/grpchan"
	"github.com/fullstorydev/grpchan/inprocgrpc"
	"google.golang.org/grpc"
)

// Interceptors that may be nil where no statement can test them before the call.

var optional grpc.UnaryClientInterceptor

var ofPackage grpc.ClientConnInterface = grpchan.InterceptClientConn(&inprocgrpc.Channel{}, optional, nil) // want `not rewritten: an interceptor may be nil, which inprocchain.Wrap rejects, and no statement can test it before the call`

func inHeader(u grpc.UnaryClientInterceptor) {
	if conn := grpchan.InterceptClientConn(&inprocgrpc.Channel{}, u, nil); conn != nil { // want `not rewritten: an interceptor may be nil`
		use(conn)
	}
	for range 2 {
		switch grpchan.InterceptClientConn(&inprocgrpc.Channel{}, u, nil) { // want `not rewritten: its result is used in a way that might not compile`
		}
	}
labelled:
	use(grpchan.InterceptClientConn(&inprocgrpc.Channel{}, u, nil)) // want `not rewritten: an interceptor may be nil`
	if u == nil {
		goto labelled
	}
}

func jumpsOver(u grpc.UnaryClientInterceptor) (conn grpc.ClientConnInterface) {
	if u == nil {
		goto end
	}
	conn = grpchan.InterceptClientConn(&inprocgrpc.Channel{}, u, nil) // want `not rewritten: an interceptor may be nil`
end:
	return conn
}

func conditionally(u grpc.UnaryClientInterceptor, on bool) bool {
	return on && useful(grpchan.InterceptClientConn(&inprocgrpc.Channel{}, u, nil)) // want `not rewritten: an interceptor may be nil`
}

func useful(grpc.ClientConnInterface) bool { return true }

func afterCalls(u grpc.UnaryClientInterceptor, us chan grpc.UnaryClientInterceptor) {
	both(useful(nil), grpchan.InterceptClientConn(&inprocgrpc.Channel{}, u, nil)) // want `not rewritten: an interceptor may be nil`
	both(<-us == nil, grpchan.InterceptClientConn(&inprocgrpc.Channel{}, u, nil)) // want `not rewritten: an interceptor may be nil`
}

func both(bool, grpc.ClientConnInterface) {}

func literalNil() {
	use(grpchan.InterceptClientConnUnary(&inprocgrpc.Channel{}, nil, unary)) // want `not rewritten: an interceptor is nil`
}

func orderOfCalls(next func() grpc.UnaryClientInterceptor) {
	use(grpchan.InterceptClientConnUnary(grpchan.InterceptClientConnUnary(&inprocgrpc.Channel{}, next()), next())) // want `not rewritten: the nested calls evaluate their interceptors in a different order`
}
