package main

var messageReflectionEdits = in("internal/message/reflection.go",
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
)
