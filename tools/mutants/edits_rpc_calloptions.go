package main

var rpcCalloptionsEdits = in("internal/rpc/calloptions.go",
	edit{
		does: "options of an interceptor are changed in place",
		by:   ". TestCallOptionsOfTheCallerStayAsTheyAre",
		old:  `		opts = slices.Clone(opts)`,
		new:  `		_ = slices.Clone(opts)`,
	},
	edit{
		does: "an embedded option is ignored",
		by:   ". TestEmbeddedCallOptionsTakeEffect",
		old:  `			if opt := embeddedOption(v.Field(i)); opt != nil {`,
		new:  `			if opt := embeddedOption(v.Field(i)); false {`,
	},
	edit{
		does: "a nil pointer to an option crashes",
		old: `		if v.IsNil() {
			return nil
		}`,
		new:  ``,
		same: "The element of a nil pointer is an invalid reflect.Value, for which the result is nil as well.",
	},
	edit{
		does: "all callers share one peer",
		by:   "internal/conformance/docs TestDifferences",
		old:  `			*opt.PeerAddr = *from`,
		new:  `			*opt.PeerAddr = peer.Peer{}`,
	},
	edit{
		does: "grpc.WaitForReady is ignored",
		by:   "internal/conformance/scenarios TestCallOptionsTakeEffectAsOnANetwork",
		old:  `			failFast = opt.FailFast`,
		new:  `			_ = opt`,
	},
	edit{
		does: "the name of a codec keeps its capitals",
		by:   "internal/conformance/codecs TestCodecsOfACallWorkAsOnANetwork",
		old:  `strings.ToLower(forcedName)`,
		new:  `strings.Clone(forcedName)`,
	},
	edit{
		does: "a content subtype without a codec is accepted",
		by:   "internal/conformance/codecs TestCodecsOfACallWorkAsOnANetwork",
		old:  `	if registered == nil {`,
		new:  `	if false {`,
	},
	edit{
		does: "an identity compressor is refused",
		by:   "internal/conformance/codecs TestCodecsOfACallWorkAsOnANetwork",
		old:  `name == "" || name == encoding.Identity || `,
		new:  `name == "" || `,
	},
	edit{
		does: "the first limit holds",
		by:   "internal/conformance/codecs TestCodecsOfACallWorkAsOnANetwork",
		old:  `limit, ok = opt.MaxSendMsgSize, true`,
		new:  `if !ok { limit, ok = opt.MaxSendMsgSize, true }`,
	},
	edit{
		does: "a message as large as its limit is refused",
		by:   "internal/conformance/codecs TestCodecsOfACallWorkAsOnANetwork",
		old:  `ok && size > limit {`,
		new:  `ok && size >= limit {`,
	},
)
