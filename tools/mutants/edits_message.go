package main

import "slices"

var messageEdits = slices.Concat(in("internal/message/codec.go",
	edit{
		does: "the encoding refers to a buffer that is used after Free",
		old:  `return bytes.Clone(data.Materialize()), nil`,
		new: `for _, buffer := range data {
					return buffer.ReadOnlyData(), nil
				}
				return nil, nil`,
	},
	edit{
		does: "the buffers of a codec are not freed",
		old:  `defer data.Free()`,
		new:  ``,
	},
	edit{
		does: "an encoding.Codec is preferred to an encoding.CodecV2",
		old:  `if codec := encoding.GetCodecV2(name); codec != nil {`,
		new:  `if codec := encoding.GetCodecV2(name); codec != nil && encoding.GetCodec(name) == nil {`,
		same: "A name has one codec, because package encoding keeps both kinds in one map.",
	},
), in("internal/message/message.go",
	edit{
		does: "a nil pointer is encoded as what it is",
		old:  `if in == nil || t.Encode == nil && IsNil(in) {`,
		new:  `if in == nil {`,
	},
	edit{
		does: "a codec that the caller names is not asked to encode a nil pointer",
		old:  `if in == nil || t.Encode == nil && IsNil(in) {`,
		new:  `if in == nil || IsNil(in) {`,
	},
	edit{
		does: "an encoded message has no size",
		old:  `out.size = len(data)`,
		new:  `out.size = len(data) * 0`,
	},
	edit{
		does: "no message is measured",
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
		old: `	*out = Copy{msg: in, isLent: true}
	if measure {`,
		new: `	*out = Copy{msg: in, isLent: true}
	if false && measure {`,
	},
	edit{
		does: "a message without a required field is copied",
		old: `	if err := proto.CheckInitialized(msg); err != nil {
		return marshalError(err)
	}
	*out = Copy{msg: proto.Clone(msg)`,
		new: `	*out = Copy{msg: proto.Clone(msg)`,
	},
	edit{
		does: "a message without a required field is lent",
		old: `	if err := proto.CheckInitialized(msg); err != nil {
		return marshalError(err)
	}
	*out = Copy{msg: in, isLent: true}`,
		new: `	_ = msg
	*out = Copy{msg: in, isLent: true}`,
	},
	edit{
		does: "a message is shared instead of copied",
		old:  `*out = Copy{msg: proto.Clone(msg), isMovable`,
		new:  `*out = Copy{msg: msg, isMovable`,
	},
	edit{
		does: "a message that embeds a generated one is moved",
		old:  `proto.Clone(msg), isMovable: kind == generated}`,
		new:  `proto.Clone(msg), isMovable: true}`,
	},
	edit{
		does: "a cloner's nil copy is moved",
		old:  ` && !IsNil(copied)}`,
		new:  `}`,
	},
	edit{
		does: "a cloner's copy of a type that is not generated is moved",
		old:  `isMovable: kind == generated && reflect.TypeOf(copied)`,
		new:  `isMovable: reflect.TypeOf(copied)`,
	},
	edit{
		does: "a response is lent to a cloner",
		old:  `t.Encode != nil || t.Cloner != nil || reflect.TypeOf(to)`,
		new:  `t.Encode != nil || reflect.TypeOf(to)`,
	},
	edit{
		does: "a response is lent to a codec",
		old:  `t.Encode != nil || t.Cloner != nil || reflect.TypeOf(to)`,
		new:  `t.Cloner != nil || reflect.TypeOf(to)`,
	},
	edit{
		does: "a response is lent to a reply of another type",
		old:  `reflect.TypeOf(to) != reflect.TypeOf(in) || IsNil(in)`,
		new:  `IsNil(in)`,
	},
	edit{
		does: "a nil response is lent",
		old:  `IsNil(in) || IsNil(to) || in == to`,
		new:  `IsNil(to) || in == to`,
	},
	edit{
		does: "a response is lent to a nil reply",
		old:  `IsNil(in) || IsNil(to) || in == to`,
		new:  `IsNil(in) || in == to`,
	},
	edit{
		does: "a response that is the caller's reply is lent",
		old:  `IsNil(in) || IsNil(to) || in == to {`,
		new:  `IsNil(in) || IsNil(to) {`,
	},
	edit{
		does: "a dynamic response is lent",
		old: `	if kind != generated {
		return t.Copy(out, in, measure)
	}`,
		new: `	_ = kind`,
	},
	edit{
		does: "a reply is not reset for a lent response",
		old: `		proto.Reset(out.(proto.Message))
		proto.Merge`,
		new: `		proto.Merge`,
	},
	edit{
		does: "a reply is not reset for an empty response",
		old:  `	proto.Reset(msg)`,
		new:  ``,
	},
	edit{
		does: "an empty message without a required field arrives",
		old:  `return proto.CheckInitialized(msg)`,
		new:  `return nil`,
	},
	edit{
		does: "a nil message to receive into is decoded into",
		old:  `	if IsNil(out) {`,
		new:  `	if false {`,
	},
	edit{
		does: "a message is moved to a nil pointer",
		old: `	if dst.IsNil() {
		return false
	}`,
		new: ``,
	},
	edit{
		does: "a message that was moved is retained",
		old: `	*in = Copy{}
	return true`,
		new: `	return true`,
	},
	edit{
		does: "a message of dynamicpb counts as generated",
		old: `	case !ok:
		return nil, other`,
		new: `	case !ok:
		return msg, generated`,
	},
	edit{
		does: "a message that embeds a generated one counts as generated",
		old:  `return msg, embedding`,
		new:  `return msg, generated`,
	},
	edit{
		does: "the status of a cloner's error is lost",
		old:  `if _, ok := status.FromError(err); ok {`,
		new:  `if _, ok := status.FromError(err); ok && err == nil {`,
	},
	edit{
		does: "an empty message is decoded as one that a codec has encoded",
		old: `	case nil:
		return unmarshalError(setEmpty(decode, out))`,
		new: `	case nil:
		return unmarshalError(decode.unmarshal(nil, out))`,
	},
))

var memoryEdits = slices.Concat(in("internal/message/layout.go",
	edit{
		does: "the memory of times is added",
		old:  `, t == reflect.TypeFor[time.Time]():`,
		new:  `:`,
	},
	edit{
		does: "values with a lock are read",
		old:  `	case isGuard(t):`,
		new:  `	case false:`,
	},
	edit{
		does: "types that refer to one with a lock are read",
		old:  `	b.spreadUnknown()`,
		new:  ``,
	},
	edit{
		does: "types are unknown only if they refer to an unknown one directly",
		old:  `l.kind, changed = unknownKind, true`,
		new:  `l.kind = unknownKind`,
	},
	edit{
		does: "values of maps with unknown keys are read",
		old:  ` || l.key != nil && l.key.kind == unknownKind`,
		new:  ``,
	},
	edit{
		does: "no struct is shareable",
		old:  `l.isShareable = !reflect`,
		new:  `l.isShareable = false && !reflect`,
	},
), in("internal/message/memory.go",
	edit{
		does: "a message that cannot be measured has no memory",
		old:  `return assumedSize`,
		new:  `return 0`,
	},
	edit{
		does: "extension fields are not measured",
		old:  `isProto && (m.hasExtensions || m.isUnknown)`,
		new:  `isProto && m.isUnknown`,
	},
	edit{
		does: "dynamic messages are not measured",
		old:  `isProto && (m.hasExtensions || m.isUnknown)`,
		new:  `isProto && m.hasExtensions`,
	},
	edit{
		does: "a message that contains itself is followed forever",
		old: `	if m.depth++; m.depth > maxDepth {
		m.bytes = maxMemory
	}`,
		new: `	m.depth++`,
	},
	edit{
		does: "a pointer to a shared value is followed twice",
		old: `	if m.visited[p] {
		return false
	}`,
		new: ``,
	},
	edit{
		does: "the unused capacity of slices is left out",
		old:  `m.bytes += allocated(v.Cap() * l.elem.size)`,
		new:  `m.bytes += allocated(v.Len() * l.elem.size)`,
	},
	edit{
		does: "maps have no memory",
		old:  `	m.bytes += mapMemory(v.Len(), l.key.size, l.elem.size)`,
		new:  ``,
	},
	edit{
		does: "what maps point to has no memory",
		old:  `if l.isExtensions || l.key.isFlat() && l.elem.isFlat() {`,
		new:  `if true {`,
	},
	edit{
		does: "interfaces have no memory",
		old:  `		m.addInterface(v)`,
		new:  ``,
	},
	edit{
		does: "an encoded message has no memory",
		old:  `return allocated(sliceHeader) + allocated(cap(msg))`,
		new:  `return 0 * cap(msg)`,
	},
	edit{
		does: "an empty message takes no place in a queue",
		old:  `return place + min(`,
		new:  `return min(`,
	},
), in("internal/message/reflection.go",
	edit{
		does: "a dynamic message that is not valid is measured",
		old: `	if !msg.IsValid() {
		return
	}`,
		new: ``,
	},
	edit{
		does: "unknown fields of a dynamic message have no memory",
		old:  `r.bytes += allocated(cap(msg.GetUnknown()))`,
		new:  ``,
	},
	edit{
		does: "messages in a message that has extensions have none",
		old:  `eachMessage(field, value, r.addHidden)`,
		new:  `_ = 0`,
	},
	edit{
		does: "a dynamic message has no memory itself",
		old:  `r.bytes += dynamicSize + mapMemory(fields, pointerSize, valueSize)`,
		new:  ``,
	},
	edit{
		does: "lists of a dynamic message have no memory",
		old:  `			r.addValue(field, value.List().Get(i))`,
		new:  `			_ = i`,
	},
	edit{
		does: "maps of a dynamic message have no memory",
		old:  `			r.addValue(field.MapValue(), elem)`,
		new:  ``,
	},
))
