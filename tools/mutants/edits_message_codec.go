package main

var messageCodecEdits = in("internal/message/codec.go",
	edit{
		does: "the encoding refers to a buffer that is used after Free",
		by:   "internal/conformance/codecs TestBuffersOfACodecAreFreedAndNotUsedAfterwards",
		old:  `return bytes.Clone(data.Materialize()), nil`,
		new: `for _, buffer := range data {
					return buffer.ReadOnlyData(), nil
				}
				return nil, nil`,
	},
	edit{
		does: "the buffers of a codec are not freed",
		by:   "internal/conformance/codecs TestBuffersOfACodecAreFreedAndNotUsedAfterwards",
		old:  `defer data.Free()`,
		new:  ``,
	},
	edit{
		does: "an encoding.Codec is preferred to an encoding.CodecV2",
		old:  `if codec := encoding.GetCodecV2(name); codec != nil {`,
		new:  `if codec := encoding.GetCodecV2(name); codec != nil && encoding.GetCodec(name) == nil {`,
		same: "A name has one codec, because package encoding keeps both kinds in one map.",
	},
)
