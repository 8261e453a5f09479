package main

var messageLayoutEdits = in("internal/message/layout.go",
	edit{
		does: "the memory of times is added",
		by:   "internal/message TestMemoryOfAPart",
		old:  `, t == reflect.TypeFor[time.Time]():`,
		new:  `:`,
	},
	edit{
		does: "values with a lock are read",
		by:   "internal/message TestMemoryReadsNothingThatIsGuarded",
		old:  `	case isGuard(t):`,
		new:  `	case false:`,
	},
	edit{
		does: "types that refer to one with a lock are read",
		by:   "internal/message TestMemoryReadsNothingThatIsGuarded",
		old:  `	b.spreadUnknown()`,
		new:  ``,
	},
	edit{
		does: "types are unknown only if they refer to an unknown one directly",
		by:   "internal/message TestMemoryReadsNothingThatIsGuarded",
		old:  `l.kind, changed = unknownKind, true`,
		new:  `l.kind = unknownKind`,
	},
	edit{
		does: "values of maps with unknown keys are read",
		by:   "internal/message TestMemoryReadsNothingThatIsGuarded",
		old:  ` || l.key != nil && l.key.kind == unknownKind`,
		new:  ``,
	},
)
