package main

var wireMetadataEdits = in("internal/wire/metadata.go",
	edit{
		does: "keys are not validated",
		by:   "internal/conformance/connection TestHandlersOnTheChannelBelowAreAsOnANetwork",
		old: `	if err := validateKey(key); err != nil {
		return err
	}`,
		new: ``,
	},
	edit{
		does: "binary values are validated",
		by:   "internal/conformance/scenarios TestRequestMetadataIsReceivedAsOnANetwork",
		old: `	if strings.HasSuffix(key, "-bin") {
		return nil
	}`,
		new: ``,
	},
	edit{
		does: "an empty key is accepted",
		by:   "internal/conformance/scenarios TestRequestMetadataIsReceivedAsOnANetwork",
		old:  `return fmt.Errorf("there is an empty key in the header")`,
		new:  `return nil`,
	},
	edit{
		does: "keys with a colon are refused",
		by:   "internal/conformance/connection TestHeadersOfHTTP2AreSetAsOnANetwork",
		old:  `	if key[0] == ':' {`,
		new:  `	if false {`,
	},
	edit{
		does: "keys of a handler that are not sent are checked",
		by:   "internal/conformance/connection TestHeadersOfHTTP2AreSetAsOnANetwork",
		old: `		if !isSent(key, values) {
			continue
		}
		if !isHTTP2Name`,
		new: `		if !isHTTP2Name`,
	},
	edit{
		does: "keys of a handler are not checked",
		by:   "internal/conformance/details TestMetadataOfTagRPCThatCannotBeSent",
		old:  `		if !isHTTP2Name(key) {`,
		new:  `		if false {`,
	},
	edit{
		does: "binary values of a handler are checked",
		by:   "internal/conformance/details TestMetadataOfTagRPCThatCannotBeSent",
		old: `		if strings.HasSuffix(key, "-bin") {
			continue
		}`,
		new: ``,
	},
	edit{
		does: "values of a handler are not checked",
		by:   "internal/conformance/connection TestUnreadableTrailerAfterAResponse",
		old:  `			if !isHTTP2Value(value) {`,
		new:  `			if !isHTTP2Value(value) && false {`,
	},
	edit{
		does: "a tab in a value of a handler is refused",
		by:   "internal/conformance/details TestMetadataOfTagRPCThatCannotBeSent",
		old:  `b < 0x20 && b != '\t' || b == 0x7F`,
		new:  `b < 0x20 || b == 0x7F`,
	},
	edit{
		does: "DEL in a value of a handler is accepted",
		by:   "internal/conformance/details TestUnusualMethodsAreServedAsOnANetwork",
		old:  `b < 0x20 && b != '\t' || b == 0x7F`,
		new:  `b < 0x20 && b != '\t'`,
	},
	edit{
		does: "the key te is sent",
		by:   "internal/conformance/connection TestHandlersOnTheChannelBelowAreAsOnANetwork",
		old:  `"grpc-timeout", "te":`,
		new:  `"grpc-timeout":`,
	},
	edit{
		does: "keys with a colon are sent",
		by:   "internal/conformance/connection TestHeadersOfHTTP2AreSetAsOnANetwork",
		old:  `return strings.HasPrefix(key, ":")`,
		new:  `return false`,
	},
	edit{
		does: "keys without values are sent",
		by:   "internal/conformance/scenarios TestRequestMetadataIsReceivedAsOnANetwork",
		old:  `return len(values) > 0 && !isReserved(key)`,
		new:  `return !isReserved(key)`,
	},
	edit{
		does: "reserved keys reach a client of inprocgrpc",
		by:   "internal/conformance/connection TestHandlersOnTheChannelBelowAreAsOnANetwork",
		old:  `	if isSentWhole(md) {`,
		new:  `	if true {`,
	},
	edit{
		does: "the header that a client receives is the handler's",
		by:   "internal/conformance/connection TestStatsHandlersAreToldAsOnANetwork",
		old:  `received[key] = slices.Clone(values)`,
		new:  `received[key] = values`,
	},
	edit{
		does: "an authority without a host is not completed",
		by:   "internal/conformance/connection TestAddressesAreSetAsOnANetwork",
		old:  `escaped.WriteString("localhost")`,
		new:  ``,
	},
	edit{
		does: "the incoming metadata of a handler is the caller's",
		by:   "internal/conformance/connection TestStatsHandlersAreToldAsOnANetwork",
		old:  `append(header[key], values...)`,
		new:  `append(header[key], values...); if len(header[key]) == len(values) { header[key] = values }`,
	},
	edit{
		does: "several hosts are accepted",
		by:   "internal/conformance/connection TestServerStatsOfRPCsWithoutARequestAreAsOnANetwork",
		old:  `hosts > 1`,
		new:  `hosts > 1000`,
	},
	edit{
		does: "the key connection is accepted",
		by:   "internal/conformance/connection TestServerStatsOfRPCsWithoutARequestAreAsOnANetwork",
		old:  `if len(header["connection"]) > 0 {`,
		new:  `if false {`,
	},
	edit{
		does: "a handler sees the key host",
		by:   "internal/conformance/connection TestHeadersOfHTTP2AreSetAsOnANetwork",
		old:  `	delete(header, "host")`,
		new:  ``,
	},
)
