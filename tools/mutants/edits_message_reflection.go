package main

var messageReflectionEdits = in("internal/message/reflection.go",
	edit{
		does: "a nil message beside extension fields counts as a dynamic one",
		by:   "internal/message TestMemoryOfAPart",
		old: `	if !msg.IsValid() {
		return
	}`,
		new: ``,
	},
	edit{
		does: "unknown fields of a dynamic message have no memory",
		by:   "internal/message TestMemoryOfAPart",
		old:  `r.bytes += allocated(cap(msg.GetUnknown()))`,
		new:  ``,
	},
	edit{
		does: "messages in a message that has extensions have none",
		by:   "internal/message TestMemoryIsNearToTheHeap",
		old:  `eachMessage(field, value, r.addHidden)`,
		new:  `_ = 0`,
	},
	edit{
		does: "a dynamic message has no memory itself",
		by:   "internal/message TestMemoryIsNearToTheHeap",
		old:  `r.bytes += dynamicSize + mapMemory(fields, pointerSize, valueSize)`,
		new:  ``,
	},
	edit{
		does: "lists of a dynamic message have no memory",
		by:   "internal/message TestMemoryIsNearToTheHeap",
		old:  `			r.addValue(field, value.List().Get(i))`,
		new:  `			_ = i`,
	},
	edit{
		does: "maps of a dynamic message have no memory",
		by:   "internal/message TestMemoryIsNearToTheHeap",
		old:  `			r.addValue(field.MapValue(), elem)`,
		new:  ``,
	},
)
