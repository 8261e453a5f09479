package middleware_test

import (
	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/logging"

	"github.com/inprocchain/inprocchain"
)

func logged(log *journal) inprocchain.Chain {
	events := logging.WithLogOnEvents(logging.StartCall, logging.PayloadReceived, logging.PayloadSent, logging.FinishCall)
	server, client := log.logger(log.server), log.logger(log.client)
	return inprocchain.NewChain(
		inprocchain.WithUnaryServerInterceptors(logging.UnaryServerInterceptor(server, events)),
		inprocchain.WithStreamServerInterceptors(logging.StreamServerInterceptor(server, events)),
		inprocchain.WithUnaryClientInterceptors(logging.UnaryClientInterceptor(client, events)),
		inprocchain.WithStreamClientInterceptors(logging.StreamClientInterceptor(client, events)),
	)
}

// A line starts with the side that the interceptor runs on.
var wantLogged = []string{
	`Ping: "hello nobody"`,
	`PingList: "hello nobody" "hello again"`,
	`client: level=DEBUG msg="started call" grpc.component=client grpc.method=Ping grpc.method_type=unary`,
	`client: level=DEBUG msg="request sent" grpc.component=client grpc.method=Ping grpc.method_type=unary grpc.request.content=hello`,
	`client: level=DEBUG msg="response received" grpc.component=client grpc.method=Ping grpc.method_type=unary grpc.response.content="hello nobody"`,
	`client: level=DEBUG msg="finished call" grpc.component=client grpc.method=Ping grpc.method_type=unary grpc.code=OK`,
	`client: level=DEBUG msg="started call" grpc.component=client grpc.method=PingList grpc.method_type=server_stream`,
	`client: level=DEBUG msg="request sent" grpc.component=client grpc.method=PingList grpc.method_type=server_stream grpc.request.content=hello`,
	`client: level=DEBUG msg="response received" grpc.component=client grpc.method=PingList grpc.method_type=server_stream grpc.response.content="hello nobody"`,
	`client: level=DEBUG msg="response received" grpc.component=client grpc.method=PingList grpc.method_type=server_stream grpc.response.content="hello again"`,
	`client: level=DEBUG msg="finished call" grpc.component=client grpc.method=PingList grpc.method_type=server_stream grpc.code=OK`,
	`server: level=INFO msg="started call" grpc.component=server grpc.method=Ping grpc.method_type=unary`,
	`server: level=INFO msg="request received" grpc.component=server grpc.method=Ping grpc.method_type=unary grpc.request.content=hello`,
	`server: level=INFO msg="response sent" grpc.component=server grpc.method=Ping grpc.method_type=unary grpc.response.content="hello nobody"`,
	`server: level=INFO msg="finished call" grpc.component=server grpc.method=Ping grpc.method_type=unary grpc.code=OK`,
	`server: level=INFO msg="started call" grpc.component=server grpc.method=PingList grpc.method_type=server_stream`,
	`server: level=INFO msg="request received" grpc.component=server grpc.method=PingList grpc.method_type=server_stream grpc.request.content=hello`,
	`server: level=INFO msg="response sent" grpc.component=server grpc.method=PingList grpc.method_type=server_stream grpc.response.content="hello nobody"`,
	`server: level=INFO msg="response sent" grpc.component=server grpc.method=PingList grpc.method_type=server_stream grpc.response.content="hello again"`,
	`server: level=INFO msg="finished call" grpc.component=server grpc.method=PingList grpc.method_type=server_stream grpc.code=OK`,
}
