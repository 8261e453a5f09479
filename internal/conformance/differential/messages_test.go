package differential_test

import (
	"testing"

	"github.com/inprocchain/inprocchain/internal/testpb"
)

// On a server stream the first SendMsg closes the sending side, even if it fails.
func TestSendMsgAfterFailedSendMsgOfServerStreamFails(t *testing.T) {
	check(t, []rule{{
		name: "message that cannot be encoded",
		program: program{method: serverStreamMethod, steps: []step{
			{opOpen, 0}, {opClientSend, unencodableMessage}, {opClientSend, smallMessage}, {opClientReceive, 0},
		}},
		sees: map[string][]string{
			"client": {
				"NewStream",
				"SendMsg message=" + text(messageText(new(testpb.Required))) + " length=0 " + notEncodable,
				"SendMsg message=" + small(2) + " length=4 " + sendAfterClose,
			},
			"client's receiver": {"RecvMsg " + notEncodable},
		},
	}, {
		name: "message that is too large",
		program: program{
			method: serverStreamMethod, options: []int{callOptionNamed("MaxCallSendMsgSize(100)")},
			steps: []step{{opOpen, 0}, {opClientSend, largeMessage}, {opClientSend, smallMessage}},
		},
		sees: map[string][]string{
			"client": {"NewStream", "SendMsg", "SendMsg message=" + small(2) + " length=4 " + sendAfterClose},
		},
	}})
}

func TestResponseThatCannotBeEncodedHasNoHeader(t *testing.T) {
	var rules []rule
	for name, serverStats := range map[string][]int{"without server stats": nil, "with server stats": {statsRecord}} {
		rules = append(rules, rule{
			name: name,
			program: program{
				method: unaryMethod, options: allResults(), clientStats: []int{statsRecord}, serverStats: serverStats,
				steps: []step{{opInvoke, smallMessage}, {opReturnMessage, unencodableMessage}},
			},
			sees: map[string][]string{
				"client":                 {"waits", "Invoke " + notEncodable},
				"call options":           {`set header=none trailer={content-type: ["application/grpc"]}`},
				"client stats handler 1": {"TagRPC", "Begin", "OutHeader", "OutPayload", "InTrailer", "End " + notEncodable},
			},
		})
	}
	check(t, rules)
}

// A nil message is sent as an empty one. The receiver of it misses its required field.
func TestNilMessageLacksRequiredFields(t *testing.T) {
	required := messageTypeNamed("Required")
	check(t, []rule{{
		name: "to the handler of a stream",
		program: program{messages: required, steps: []step{
			{opOpen, 0}, {opClientSend, nilMessage}, {opHandlerReceive, 0}, {opClientReceive, 0},
		}},
		sees: map[string][]string{
			"client":             {"NewStream", `SendMsg message="nil" length=0 error=nil`},
			"handler's receiver": {"RecvMsg " + notDecodable},
			"client's receiver":  {"RecvMsg " + notDecodable},
		},
	}, {
		name: "to the client of a stream",
		program: program{messages: required, steps: []step{
			{opOpen, 0}, {opHandlerSend, nilMessage}, {opClientReceive, 0},
		}},
		sees: map[string][]string{
			"handler":           {"called", `SendMsg message="nil" length=0 error=nil`, "returned"},
			"client's receiver": {"RecvMsg " + notDecodable},
		},
	}, {
		name:    "unary request",
		program: program{method: unaryMethod, messages: required, steps: []step{{opInvoke, nilMessage}}},
		sees:    map[string][]string{"client": {"Invoke " + notDecodable}, "handler": nil},
	}, {
		name: "unary response",
		program: program{method: unaryMethod, messages: required, steps: []step{
			{opInvoke, smallMessage}, {opReturnMessage, nilMessage},
		}},
		sees: map[string][]string{"client": {"waits", "Invoke " + notDecodable}, "handler": {"called", "returned"}},
	}})
}

func TestTwoValuesOfHostFailTheRPC(t *testing.T) {
	hosts := metadataNamed("two values of host")
	check(t, []rule{{
		name: "stream",
		program: program{outgoing: hosts, clientStats: []int{statsRecord}, serverStats: []int{statsRecord}, steps: []step{
			{opOpen, 0}, {opClientReceive, 0},
		}},
		sees: map[string][]string{
			"client":                 {"NewStream"},
			"client's receiver":      {"RecvMsg " + twoHosts},
			"client stats handler 1": {"TagRPC", "Begin", "OutHeader", "InTrailer", "End " + twoHosts},
			"server stats handler 1": nil,
			"handler":                nil,
		},
	}, {
		name:    "unary",
		program: program{method: unaryMethod, outgoing: hosts, steps: []step{{opInvoke, smallMessage}}},
		sees:    map[string][]string{"client": {"Invoke " + twoHosts}, "handler": nil},
	}})
}
