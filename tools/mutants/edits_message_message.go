package main

var messageEdits = in("internal/message/message.go",
	edit{
		does: "a nil pointer is encoded as what it is",
		by:   "internal/message TestClonerIsNotAskedToCopyNil",
		old:  `	if _, isProto := in.(proto.Message); isProto && IsNil(in) {`,
		new:  `	if false {`,
	},
	edit{
		does: "a codec that the caller names is not asked to encode a nil pointer",
		by:   "internal/conformance/codecs TestCodecsOfACallWorkAsOnANetwork",
		old:  `	if in == nil {`,
		new:  `	if IsNil(in) {`,
	},
	edit{
		does: "an encoded message has no size",
		by:   "internal/conformance/codecs TestCodecsOfACallWorkAsOnANetwork",
		old:  `out.size = len(data)`,
		new:  `out.size = len(data) * 0`,
	},
	edit{
		does: "no message is measured",
		by:   "internal/conformance/codecs TestCodecsOfACallWorkAsOnANetwork",
		old: `	} else if measure {
		out.size = Size(in)
	}
	return nil
}

func (t *Transfer) copy(`,
		new: `	}
	return nil
}

func (t *Transfer) copy(`,
	},
	edit{
		does: "a lent message is not measured",
		by:   ". ExampleWithDefaultCallOptions",
		old: `	*out = Copy{msg: in, isLent: true, isShared: isShared}
	if measure {`,
		new: `	*out = Copy{msg: in, isLent: true, isShared: isShared}
	if false && measure {`,
	},
	edit{
		does: "a message without a required field is copied",
		by:   "internal/message TestMessageNeedsItsRequiredFields",
		old: `	if err := proto.CheckInitialized(msg); err != nil {
		return marshalError(err)
	}
	*out = Copy{msg: proto.Clone(msg)`,
		new: `	*out = Copy{msg: proto.Clone(msg)`,
	},
	edit{
		does: "a message without a required field is lent",
		by:   "internal/message TestMessageNeedsItsRequiredFields",
		old: `	if err := proto.CheckInitialized(msg); err != nil {
		return marshalError(err)
	}
	if isShared {`,
		new: `	if isShared {`,
	},
	edit{
		does: "a message is shared instead of copied",
		by:   "internal/conformance/docs TestDifferences",
		old:  `*out = Copy{msg: proto.Clone(msg), isMovable`,
		new:  `*out = Copy{msg: msg, isMovable`,
	},
	edit{
		does: "a cloner's nil copy is moved",
		by:   "internal/message TestClonerHandsOverWhatCannotBeMoved",
		old:  ` && !IsNil(copied)}`,
		new:  `}`,
	},
	edit{
		does: "a cloner's copy of a type that is not generated is moved",
		by:   "internal/message TestClonerHandsOverWhatCannotBeMoved",
		old:  `isMovable: generated != nil && reflect.TypeOf(copied)`,
		new:  `isMovable: reflect.TypeOf(copied)`,
	},
	edit{
		does: "a response is lent to a cloner",
		by:   "internal/message TestOnlyGeneratedResponsesAreLent",
		old:  `!isShared && (t.Cloner != nil || generated`,
		new:  `!isShared && (generated`,
	},
	edit{
		does: "a response is lent to a codec",
		by:   "internal/message TestOnlyGeneratedResponsesAreLent",
		old:  `if t.Encode != nil || reflect.TypeOf(to)`,
		new:  `if reflect.TypeOf(to)`,
	},
	edit{
		does: "a response is lent to a reply of another type",
		by:   "internal/message TestOnlyGeneratedResponsesAreLent",
		old:  `reflect.TypeOf(to) != reflect.TypeOf(in) || IsNil(to)`,
		new:  `IsNil(to)`,
	},
	edit{
		does: "a response is lent to a nil reply",
		by:   "internal/message TestOnlyGeneratedResponsesAreLent",
		old:  `IsNil(to) || in == to`,
		new:  `in == to`,
	},
	edit{
		does: "a response that is the caller's reply is lent",
		by:   "internal/message TestOnlyGeneratedResponsesAreLent",
		old:  `IsNil(to) || in == to {`,
		new:  `IsNil(to) {`,
	},
	edit{
		does: "a dynamic response is lent",
		by:   "internal/message TestOnlyGeneratedResponsesAreLent",
		old:  `t.Cloner != nil || generated == nil || !isExact(msg, generated)`,
		new:  `t.Cloner != nil || generated != nil && !isExact(msg, generated)`,
	},
	edit{
		does: "a reply is not reset for a lent response",
		by:   "internal/conformance/codecs TestReplyIsResetAsOnANetwork",
		old: `	proto.Reset(out)
	if in.isShared`,
		new: `	if in.isShared`,
	},
	edit{
		does: "a nil message to receive into is decoded into",
		by:   "internal/conformance/docs TestDifferences",
		old:  `IsNil(out) && t.Decode == nil &&`,
		new:  `false && IsNil(out) && t.Decode == nil && isProto &&`,
	},
	edit{
		does: "a message is moved to a nil pointer",
		by:   "internal/message TestMessageIsNotMovedToNil",
		old: `	if dst.IsNil() {
		return false
	}`,
		new: ``,
	},
	edit{
		does: "a message that was moved is retained",
		by:   "internal/message TestMovedMessageIsNotRetained",
		old: `	*in = Copy{}
	return true`,
		new: `	return true`,
	},
	edit{
		does: "the status of a cloner's error is lost",
		by:   "internal/message TestStatusOfACloner",
		old:  `if _, ok := status.FromError(err); ok {`,
		new:  `if _, ok := status.FromError(err); ok && err == nil {`,
	},
)
