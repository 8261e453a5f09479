package differential_test

import (
	"slices"
	"testing"
)

// If the client has canceled, the handler gets grpc-go's errors when it sets metadata, and the
// metadata does not reach the client.
func TestHandlerCannotSetMetadataAfterItsClientHasCanceled(t *testing.T) {
	one := metadataNamed("one value")
	set := []step{{opSetHeader, one}, {opSendHeader, one}, {opSetTrailer, one}}
	setByStream := []step{{opStreamSetHeader, one}, {opStreamSendHeader, one}, {opStreamSetTrailer, one}}
	var rules []rule
	for _, method := range []int{bidiMethod, serverStreamMethod, clientStreamMethod} {
		rules = append(rules, rule{
			name: methods[method].name,
			program: program{
				method: method, options: allResults(),
				steps: slices.Concat([]step{{opOpen, 0}, {opCancel, 0}}, set, setByStream,
					[]step{{opReturnError, 0}, {opClientHeader, 0}, {opClientReceive, 0}, {opClientTrailer, 0}}),
			},
			sees: map[string][]string{
				"handler": {
					"called", "grpc.SetHeader " + headerSent, "grpc.SendHeader " + canceled, "grpc.SetTrailer " + headerSent,
					"stream.SetHeader " + headerSent, "stream.SendHeader " + canceled, "stream.SetTrailer", "returned",
				},
				"client's receiver": {"Header " + noHeader, "RecvMsg " + canceled, "Trailer " + noTrailer},
				"call options":      {"set " + noHeader + " " + noTrailer},
			},
		})
	}
	rules = append(rules, rule{
		name: "unary",
		program: program{
			method: unaryMethod, options: allResults(),
			steps: slices.Concat([]step{{opInvoke, smallMessage}, {opCancel, 0}}, set, []step{{opReturnMessage, smallMessage}}),
		},
		sees: map[string][]string{
			"handler": {
				"called", "grpc.SetHeader " + headerSent, "grpc.SendHeader " + canceled, "grpc.SetTrailer " + headerSent, "returned",
			},
			"client":       {"waits", "Invoke " + canceled},
			"call options": {"set " + noHeader + " " + noTrailer},
		},
	})
	check(t, rules)
}

// Nothing is sent to a client that has canceled, so stats handlers get no OutTrailer.
func TestServerStatsHaveNoTrailerAfterTheClientHasCanceled(t *testing.T) {
	var rules []rule
	for _, method := range []int{bidiMethod, serverStreamMethod, clientStreamMethod} {
		for _, result := range []string{"nil", "a status"} {
			rules = append(rules, rule{
				name: methods[method].name + "/handler returns " + result,
				program: program{
					method: method, serverStats: []int{statsRecord},
					steps: []step{{opOpen, 0}, {opCancel, 0}, {opReturnError, errorNamed(result)}},
				},
				sees: map[string][]string{
					"handler":                {"called", "returned"},
					"server stats handler 1": {"TagRPC", "InHeader", "Begin", "End"},
				},
			})
		}
	}
	rules = append(rules, rule{
		name: "unary",
		program: program{
			method: unaryMethod, serverStats: []int{statsRecord},
			steps: []step{{opInvoke, smallMessage}, {opCancel, 0}, {opReturnMessage, smallMessage}},
		},
		sees: map[string][]string{
			"handler":                {"called", "returned"},
			"server stats handler 1": {"TagRPC", "InHeader", "Begin", "InPayload", "End " + canceled},
		},
	})
	check(t, rules)
}

// When server stats handlers get OutTrailer and End, the context of the RPC has ended.
func TestContextHasEndedInTheLastServerStatsEvents(t *testing.T) {
	const (
		outTrailer = "OutTrailer metadata={} context error=context.Canceled"
		end        = "End error=nil trailer=none began=0s ended=0s context error=context.Canceled"
	)
	check(t, []rule{{
		name: "stream",
		program: program{
			serverStats: []int{statsRecord},
			steps:       []step{{opOpen, 0}, {opReturnError, 0}},
		},
		sees: map[string][]string{"server stats handler 1": {"TagRPC", "InHeader", "Begin", outTrailer, end}},
	}, {
		name: "stream whose client has canceled",
		program: program{
			serverStats: []int{statsRecord},
			steps:       []step{{opOpen, 0}, {opCancel, 0}, {opReturnError, 0}},
		},
		sees: map[string][]string{"server stats handler 1": {"TagRPC", "InHeader", "Begin", end}},
	}, {
		name: "unary",
		program: program{
			method: unaryMethod, serverStats: []int{statsRecord},
			steps: []step{{opInvoke, smallMessage}, {opReturnMessage, smallMessage}},
		},
		sees: map[string][]string{
			"server stats handler 1": {"TagRPC", "InHeader", "Begin", "InPayload", "OutHeader", "OutPayload", outTrailer, end},
		},
	}})
}
