// authlib, https://github.com/grafana/authlib/blob/254234bb733cec1b5c2a59fb991c8d1b1028b69a/READMEv2.md

package public

import (
	"github.com/fullstorydev/grpchan"
	"github.com/fullstorydev/grpchan/inprocgrpc"
	"google.golang.org/grpc"
)

func inProcessDeployment(desc *grpc.ServiceDesc, service any) grpc.ClientConnInterface {
	// Messages go over Go channels.
	channel := &inprocgrpc.Channel{}

	// The server side checks the tokens.
	channel.RegisterService(
		grpchan.InterceptServer(
			desc,
			authenticate("example"),
			authenticateStream("example"),
		),
		service,
	)

	// The client side adds the tokens.
	auth, _ := newClientAuth()
	conn := grpchan.InterceptClientConn(channel, auth.unary, auth.stream) // want `hides an in-process channel`
	return conn
}
