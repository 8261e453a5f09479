package main

var wireStatusEdits = in("internal/wire/status.go",
	edit{
		does: "stats handlers see an error of a handler that has no status",
		by:   "internal/conformance/barechannel TestBareChannelReturnsErrorsOfHandlersUnchanged",
		old: `	return status.FromContextError(err).Err()
}

// ReceivedStatus`,
		new: `	return err
}

// ReceivedStatus`,
	},
	edit{
		does: "a handler's details without an error are ignored",
		by:   "internal/conformance/details TestDetailsThatAHandlerSetsAreAsOnANetwork",
		old:  `if st == nil && len(details) == 0 {`,
		new:  `if st == nil {`,
	},
	edit{
		does: "a message that is not UTF-8 arrives",
		by:   "internal/conformance/scenarios TestErrorsOfHandlersAreReceivedAsOnANetwork",
		old:  `string([]rune(st.Message())) // valid`,
		new:  `st.Message() // valid`,
	},
	edit{
		does: "a code that is too large arrives",
		by:   "internal/conformance/details TestStatusWithCodeThatCannotBeReadHasNoTrailer",
		old:  `if code := st.Code(); code > math.MaxInt32 {`,
		new:  `if code := st.Code(); code > math.MaxInt32 && false {`,
	},
	edit{
		does: "two values of details are decoded",
		by:   "internal/conformance/scenarios TestResponseMetadataIsReceivedAsOnANetwork",
		old:  `if len(details) != 1 || proto`,
		new:  `if len(details) < 1 || proto`,
	},
	edit{
		does: "details with another code arrive",
		by:   "internal/conformance/details TestDetailsThatAHandlerSetsAreAsOnANetwork",
		old:  `	if full.GetCode() != int32(code) {`,
		new:  `	if false {`,
	},
	edit{
		does: "an unusual error of a context becomes Unknown",
		by:   "internal/conformance/scenarios TestHandlerContextDoesNotHaveCallersError",
		old:  `return status.Errorf(codes.Internal, "Unexpected error from context packet: %v", err)`,
		new:  `return status.FromContextError(err).Err()`,
	},
	edit{
		does: "stats handlers see the details in the trailer",
		by:   "internal/conformance/scenarios TestResponseMetadataIsReceivedAsOnANetwork",
		old:  `	delete(trailer, statusDetailsKey)`,
		new:  ``,
	},
	edit{
		does: "details without another trailer are lost",
		by:   "internal/conformance/scenarios TestErrorsOfHandlersAreReceivedAsOnANetwork",
		old: `	if trailer == nil {
		trailer = metadata.MD{}
	}`,
		new: `	if trailer == nil {
		return nil
	}`,
	},
	edit{
		does: "the details of a status do not travel",
		by:   "internal/conformance/scenarios TestErrorsOfHandlersAreReceivedAsOnANetwork",
		old:  `	if !HasDetails(st) {`,
		new:  `	if true {`,
	},
	edit{
		does: "details that cannot be encoded are sent",
		by:   "internal/conformance/scenarios TestErrorsOfHandlersAreReceivedAsOnANetwork",
		old:  `	if marshalErr != nil {`,
		new:  `	if false {`,
	},
)
