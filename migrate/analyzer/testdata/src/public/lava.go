// lava, https://github.com/pubgo/lava/blob/08409d43e82a62d44cb39f6710369447485894d2/servers/grpcs/inner_server.go

package public

import (
	"github.com/fullstorydev/grpchan/inprocgrpc"
	"google.golang.org/grpc"
)

type innerServer struct{ grpc.ClientConnInterface }

func newInner(handlers map[*grpc.ServiceDesc]any) *innerServer {
	cc := new(inprocgrpc.Channel)
	for desc, handler := range handlers {
		cc.RegisterService(desc, handler)
	}
	cc = cc.WithServerUnaryInterceptor(authenticate("middleware"))
	cc = cc.WithServerStreamInterceptor(authenticateStream("middleware"))
	return &innerServer{ClientConnInterface: cc}
}
