package main

import "testing"

func TestEditInsertsBeforeOrAfterItsPlace(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		edit edit
		text string
		want string
	}{
		"after":  {edit{after: "b\n", insert: "x\n"}, "a\nb\nc\n", "a\nb\nx\nc\n"},
		"before": {edit{before: "b\n", insert: "x\n"}, "a\nb\nc\n", "a\nx\nb\nc\n"},
	} {
		got, err := test.edit.apply(test.text)
		if err != nil || got != test.want {
			t.Errorf("%s: got %q, %v, want %q", name, got, err, test.want)
		}
	}
}

func TestEditFailsUnlessItsPlaceOccursOnce(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "a\n", "b\nb\n"} {
		if got, err := (edit{after: "b\n", insert: "x\n"}).apply(text); err == nil {
			t.Errorf("%q became %q, want an error", text, got)
		}
	}
}
