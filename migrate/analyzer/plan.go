package analyzer

import (
	"go/ast"
	"go/token"
	"strings"

	"golang.org/x/tools/go/analysis"
)

// plan collects the edits of a file. There is one plan for all findings in a file,
// because an import can be removed only if every call that needs it is rewritten.
type plan struct {
	file  *ast.File
	edits []edit
	kept  []ast.Node // nodes in replaced text that the replacement contains
	names []newName
}

// edit replaces a range of the source. In text, the qualifier stands for the name of
// inprocchain in the file and a dot.
type edit struct {
	pos, end token.Pos
	text     string
}

const qualifier = "\x00"

// The reasons for which a plan rejects edits.
const (
	commentLost = "a comment would be lost"
	overlapping = "it is part of another call that is rewritten"
)

// because returns the end of a message that says why there is no fix. It is
// empty if there is one.
func because(reason string) string {
	if reason == "" {
		return ""
	}
	return " (not rewritten: " + reason + ")"
}

// try adds edits that belong together. If they would lose a comment or overlap
// other edits, it adds nothing and returns the reason.
func (p *plan) try(edits []edit) (reason string) {
	for _, e := range edits {
		for _, group := range p.file.Comments {
			if group.Pos() < e.end && e.pos < group.End() {
				return commentLost
			}
		}
		for _, other := range p.edits {
			if other.pos < e.end && e.pos < other.end {
				return overlapping
			}
		}
	}
	p.edits = append(p.edits, edits...)
	return ""
}

// removes reports whether the plan removes the identifier id.
func (p *plan) removes(id *ast.Ident) bool {
	for _, node := range p.kept {
		if node.Pos() <= id.Pos() && id.Pos() < node.End() {
			return false
		}
	}
	for _, e := range p.edits {
		if e.pos <= id.Pos() && id.Pos() < e.end {
			return true
		}
	}
	return false
}

// qualifies reports whether the plan needs the name of inprocchain.
func (p *plan) qualifies() bool {
	for _, e := range p.edits {
		if strings.Contains(e.text, qualifier) {
			return true
		}
	}
	return false
}

// edits returns the edits of the plan's fix, including those of the imports.
func (c *checker) edits(p *plan) []analysis.TextEdit {
	if len(p.edits) == 0 {
		return nil
	}
	name, imported := c.importName(p)
	added := ""
	if !imported && p.qualifies() {
		added = importSpec(name)
	}
	edits := append(p.edits, c.dropImports(p, added)...)
	texts := make([]analysis.TextEdit, len(edits))
	for i, e := range edits {
		text := strings.ReplaceAll(e.text, qualifier, name+".")
		texts[i] = analysis.TextEdit{Pos: e.pos, End: e.end, NewText: []byte(text)}
	}
	return texts
}
