package main

import (
	"fmt"
	"os"
	"strings"
)

// update replaces what stands in a document between the comments
// <!-- measured: name --> and <!-- end -->, for each of the parts.
func update(document string, parts map[string]string) error {
	text, err := os.ReadFile(document)
	if err != nil {
		return err
	}
	page := string(text)
	for name, part := range parts {
		before, rest, ok := strings.Cut(page, "<!-- measured: "+name+" -->\n")
		if !ok {
			return fmt.Errorf("%s has no comment <!-- measured: %s -->", document, name)
		}
		_, after, ok := strings.Cut(rest, "<!-- end -->\n")
		if !ok {
			return fmt.Errorf("%s has no comment <!-- end --> after <!-- measured: %s -->", document, name)
		}
		page = before + "<!-- measured: " + name + " -->\n" + part + "<!-- end -->\n" + after
	}
	return os.WriteFile(document, []byte(page), 0o644)
}
