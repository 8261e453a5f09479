package main

var wireCredentialsEdits = in("internal/wire/credentials.go",
	edit{
		does: "the audience of credentials contains the method",
		by:   "internal/conformance/scenarios TestCallOptionsTakeEffectAsOnANetwork",
		old:  `service = method[:slash]`,
		new:  `_ = slash`,
	},
	edit{
		does: "the audience of credentials contains the usual port",
		by:   "internal/conformance/connection TestAudienceOfCredentialsIsAsOnANetwork",
		old:  `strings.TrimSuffix(authority, ":443")`,
		new:  `authority`,
	},
	edit{
		does: "credentials may return any status",
		by:   "internal/conformance/scenarios TestCallOptionsTakeEffectAsOnANetwork",
		old:  `			if isRestricted(st.Code()) {`,
		new:  `			if false && isRestricted(st.Code()) {`,
	},
	edit{
		does: "an error of credentials that is no status is returned as it is",
		by:   "internal/conformance/connection TestServerStatsOfRPCsWithoutARequestAreAsOnANetwork",
		old:  `return nil, status.Errorf(codes.Internal, "transport: per-RPC creds failed due to error: %v", err)`,
		new:  `return nil, err`,
	},
	edit{
		does: "keys of credentials keep their capitals",
		by:   "internal/conformance/scenarios TestCallOptionsTakeEffectAsOnANetwork",
		old:  `		key = strings.ToLower(key)`,
		new:  ``,
	},
	edit{
		does: "metadata of credentials is not validated",
		by:   "internal/conformance/scenarios TestCallOptionsTakeEffectAsOnANetwork",
		old:  `if err := validatePair(key, value); err != nil {`,
		new:  `if err := error(nil); err != nil {`,
	},
	edit{
		does: "credentials see a connection that is not secure",
		by:   "internal/conformance/scenarios TestCallOptionsTakeEffectAsOnANetwork",
		old:  `credentials.CommonAuthInfo{SecurityLevel: credentials.PrivacyAndIntegrity}`,
		new:  `credentials.CommonAuthInfo{}`,
	},
)
