package analyzer

import (
	"go/ast"
	"go/token"
	"strings"

	"golang.org/x/tools/go/analysis"
)

// plan collects how a file is to be rewritten. It is one plan for all that is found in the file, because an
// import may go only when every call that needs it has gone.
type plan struct {
	file  *ast.File
	edits []edit
	kept  []ast.Node // in a stretch that is replaced, but part of what replaces it
}

// edit replaces a stretch of the source; where text has the qualifier, it gets the name, with a dot, that
// inprocchain has in the file.
type edit struct {
	pos, end token.Pos
	text     string
}

const qualifier = "\x00"

const commentInTheWay = "a comment stands where text would go"

// because is the end of a message: why there is no fix, if there is none.
func because(reason string) string {
	if reason == "" {
		return ""
	}
	return " (not rewritten: " + reason + ")"
}

// try adds edits that belong together, unless a comment would be lost.
func (p *plan) try(edits []edit) bool {
	for _, e := range edits {
		for _, group := range p.file.Comments {
			if group.Pos() < e.end && e.pos < group.End() {
				return false
			}
		}
	}
	p.edits = append(p.edits, edits...)
	return true
}

// removes reports whether the name at id is not there any more once the plan is carried out.
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

// edits returns the plan as a fix's edits, those of the imports included.
func (c *checker) edits(p *plan) []analysis.TextEdit {
	if len(p.edits) == 0 {
		return nil
	}
	name, imported := c.importName(p)
	edits := p.edits
	if imported {
		edits = append(edits, c.dropImports(p, "")...)
	} else {
		edits = append(edits, c.dropImports(p, importSpec(name))...)
	}
	texts := make([]analysis.TextEdit, len(edits))
	for i, e := range edits {
		text := strings.ReplaceAll(e.text, qualifier, name+".")
		texts[i] = analysis.TextEdit{Pos: e.pos, End: e.end, NewText: []byte(text)}
	}
	return texts
}
