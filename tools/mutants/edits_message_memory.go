package main

var messageMemoryEdits = in("internal/message/memory.go",
	edit{
		does: "a message that cannot be measured has no memory",
		by:   "internal/message TestMemoryReadsNothingThatIsGuarded",
		old:  `return assumedSize`,
		new:  `return 0`,
	},
	edit{
		does: "extension fields are not measured",
		by:   "internal/message TestMemoryIsNearToTheHeap",
		old:  `isProto && (m.hasExtensions || m.isUnknown)`,
		new:  `isProto && m.isUnknown`,
	},
	edit{
		does: "dynamic messages are not measured",
		by:   "internal/message TestMemoryIsNearToTheHeap",
		old:  `isProto && (m.hasExtensions || m.isUnknown)`,
		new:  `isProto && m.hasExtensions`,
	},
	edit{
		does: "a message that contains itself is followed forever",
		by:   "internal/message TestMemoryOfMessageThatContainsItself",
		old: `	if m.depth++; m.depth > maxDepth {
		m.bytes = maxMemory
	}`,
		new: `	m.depth++`,
	},
	edit{
		does: "a pointer to a shared value is followed twice",
		by:   "internal/message TestMemoryIsNearToTheHeap",
		old: `	if m.visited[p] {
		return false
	}`,
		new: ``,
	},
	edit{
		does: "the unused capacity of slices is left out",
		by:   "internal/message TestMemoryOfAPart",
		old:  `m.bytes += allocated(v.Cap() * l.elem.size)`,
		new:  `m.bytes += allocated(v.Len() * l.elem.size)`,
	},
	edit{
		does: "maps have no memory",
		by:   "internal/message TestMemoryIsNearToTheHeap",
		old:  `	m.bytes += mapMemory(v.Len(), l.key.size, l.elem.size)`,
		new:  ``,
	},
	edit{
		does: "what maps point to has no memory",
		by:   "internal/message TestMemoryIsNearToTheHeap",
		old:  `if l.isExtensions || l.key.isFlat() && l.elem.isFlat() {`,
		new:  `if true {`,
	},
	edit{
		does: "interfaces have no memory",
		by:   "internal/message TestMemoryReadsNothingThatIsGuarded",
		old:  `		m.addInterface(v)`,
		new:  ``,
	},
	edit{
		does: "an encoded message has no memory",
		by:   "internal/message TestMemoryIsNearToTheHeap",
		old:  `return allocated(sliceHeader) + allocated(cap(msg))`,
		new:  `return 0 * cap(msg)`,
	},
	edit{
		does: "an empty message takes no place in a queue",
		by:   "internal/message TestMemoryIsNearToTheHeap",
		old:  `return place + min(memoryOf(`,
		new:  `return min(memoryOf(`,
	},
)
