package differential_test

import "testing"

// grpc.SetHeader and grpc.SetTrailer accept values that the client rejects, since HTTP/2 does
// not allow them.
func TestInvalidMetadataOfTheHandlerFailsTheRPC(t *testing.T) {
	invalid := metadataNamed("an invalid value")
	check(t, []rule{{
		name: "header of a stream",
		program: program{steps: []step{
			{opOpen, 0}, {opSetHeader, invalid}, {opHandlerSend, smallMessage}, {opReturnError, 0},
			{opClientHeader, 0}, {opClientReceive, 0},
		}},
		sees: map[string][]string{
			"handler":           {"called", "grpc.SetHeader error=nil", "SendMsg", "returned"},
			"client's receiver": {"Header " + noHeader, "RecvMsg " + notReceivable},
		},
	}, {
		name: "trailer of a stream",
		program: program{steps: []step{
			{opOpen, 0}, {opSetTrailer, invalid}, {opHandlerSend, smallMessage}, {opReturnError, 0},
			{opClientReceive, 0}, {opClientReceive, 0}, {opClientTrailer, 0},
		}},
		sees: map[string][]string{
			"handler":           {"called", "grpc.SetTrailer error=nil", "SendMsg", "returned"},
			"client's receiver": {received(1), "RecvMsg " + notReceivable, "Trailer " + noTrailer},
		},
	}, {
		name: "trailer set by the method of the stream",
		program: program{steps: []step{
			{opOpen, 0}, {opStreamSetTrailer, invalid}, {opReturnError, 0}, {opClientReceive, 0}, {opClientTrailer, 0},
		}},
		sees: map[string][]string{"client's receiver": {"RecvMsg " + notReceivable, "Trailer " + noTrailer}},
	}, {
		name: "header set by the method of the stream", // The method returns an error.
		program: program{steps: []step{
			{opOpen, 0}, {opStreamSetHeader, invalid}, {opStreamSendHeader, invalid}, {opReturnError, 0}, {opClientReceive, 0},
		}},
		sees: map[string][]string{
			"handler":           {"called", "stream.SetHeader " + notPrintable, "stream.SendHeader " + notPrintable, "returned"},
			"client's receiver": {"RecvMsg " + endOfStream},
		},
	}, {
		name: "header of a unary RPC",
		program: program{
			method: unaryMethod, options: allResults(),
			steps: []step{{opInvoke, smallMessage}, {opSetHeader, invalid}, {opReturnMessage, smallMessage}},
		},
		sees: map[string][]string{
			"handler":      {"called", "grpc.SetHeader error=nil", "returned"},
			"client":       {"waits", "Invoke " + notReceivable + ` reply="StringValue{\"\"}"`},
			"call options": {"set " + noHeader + " " + noTrailer},
		},
	}, {
		name: "trailer of a unary RPC",
		program: program{
			method: unaryMethod, options: allResults(),
			steps: []step{{opInvoke, smallMessage}, {opSetTrailer, invalid}, {opReturnMessage, smallMessage}},
		},
		sees: map[string][]string{
			"handler":      {"called", "grpc.SetTrailer error=nil", "returned"},
			"client":       {"waits", "Invoke " + notReceivable},
			"call options": {`set header={content-type: ["application/grpc"]} trailer={}`},
		},
	}})
}

// When the deadline of a context has passed, its timer may not have run yet, so Err may still
// be nil.
func TestRPCFailsIfItsDeadlineHasPassedButItsContextHasNotEnded(t *testing.T) {
	late := contextNamed("whose deadline has passed, with a nil Err")
	check(t, []rule{{
		name: "stream",
		program: program{
			context: late, clientStats: []int{statsRecord}, serverStats: []int{statsRecord},
			steps: []step{{opOpen, 0}},
		},
		sees: map[string][]string{
			"client":                 {"NewStream " + deadlinePassed},
			"client stats handler 1": {"TagRPC", "Begin", "End " + deadlinePassed},
			"server stats handler 1": nil,
			"handler":                nil,
		},
	}, {
		name: "unary",
		program: program{
			method: unaryMethod, context: late, clientStats: []int{statsRecord}, serverStats: []int{statsRecord},
			steps: []step{{opInvoke, smallMessage}},
		},
		sees: map[string][]string{
			"client":                 {"Invoke " + deadlinePassed},
			"client stats handler 1": {"TagRPC", "Begin", "End " + deadlinePassed},
			"server stats handler 1": nil,
			"handler":                nil,
		},
	}})
}

func TestNewStreamAfterShutdownReturnsUnavailable(t *testing.T) {
	var rules []rule
	for _, method := range []int{bidiMethod, serverStreamMethod, clientStreamMethod} {
		rules = append(rules, rule{
			name: methods[method].name,
			program: program{
				method: method, options: allResults(), clientStats: []int{statsRecord}, serverStats: []int{statsRecord},
				steps: []step{{opShutdown, 0}, {opOpen, 0}},
			},
			sees: map[string][]string{
				"client":                 {"NewStream " + connectionLost},
				"client stats handler 1": {"TagRPC", "Begin", "End " + connectionLost},
				"server stats handler 1": nil,
				"OnFinish":               {"called " + connectionLost},
			},
		})
	}
	check(t, rules)
}

// What ends an RPC first is reported: the end of a connection for which the caller waits in
// Header, and the missing connection of an RPC that is past its deadline.
func TestEndsThatComeFirstAreReported(t *testing.T) {
	check(t, []rule{{
		name: "ClientConn closed during Header",
		program: program{
			clientStats: []int{statsRecord},
			steps:       []step{{opOpen, 0}, {opClientHeader, 0}, {opCloseConnection, 0}},
		},
		sees: map[string][]string{"client stats handler 1": {"TagRPC", "Begin", "OutHeader", "End error=Unavailable("}},
	}, {
		name: "deadline that has passed, after Shutdown",
		program: program{
			context: contextNamed("whose deadline has passed, with a nil Err"),
			steps:   []step{{opShutdown, 0}, {opOpen, 0}},
		},
		sees: map[string][]string{"client": {"NewStream error=Unavailable("}},
	}})
}
