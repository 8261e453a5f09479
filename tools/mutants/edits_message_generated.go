package main

var messageGeneratedEdits = in("internal/message/generated.go",
	edit{
		does: "a message that embeds a generated one counts as generated",
		by:   "internal/message TestMessageThatEmbedsAnotherIsSent",
		old:  `if info == nil || info.GoReflectType != reflect.TypeOf(m) {`,
		new:  `if info == nil {`,
	},
	edit{
		does: "a nil message has a type",
		by:   "internal/message TestNilMessageIsEmpty",
		old: `	if IsNil(m) {
		return nil
	}
	if known`,
		new: `	if known`,
	},
)
