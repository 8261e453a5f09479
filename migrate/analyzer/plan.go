package analyzer

import (
	"go/ast"
	"go/token"
	"slices"
	"strconv"

	"golang.org/x/tools/go/analysis"
)

// plan collects the edits of a file. There is one plan for all findings in a file,
// because an import can be removed only if every call that needs it is rewritten.
type plan struct {
	file  *ast.File
	edits []edit
	calls []*ast.CallExpr // the intercept calls that the edits remove
}

// edit replaces a range of the source.
type edit struct {
	pos, end token.Pos
	text     string
}

// because returns the end of a message that says why there is no fix. It is
// empty if there is one.
func because(reason string) string {
	if reason == "" {
		return ""
	}
	return " (not rewritten: " + reason + ")"
}

// try adds edits that belong together and remove the calls of the layers. If they would
// lose a comment or overlap other edits, it adds nothing and returns the reason.
func (p *plan) try(edits []edit, layers []layer) (reason string) {
	for _, e := range edits {
		if p.hasComment(e) {
			return "a comment would be lost"
		}
		for _, other := range p.edits {
			if other.pos < e.end && e.pos < other.end {
				return "it is part of another call that is rewritten"
			}
		}
	}
	p.edits = append(p.edits, edits...)
	for _, l := range layers {
		p.calls = append(p.calls, l.call)
	}
	return ""
}

// hasComment reports whether there is a comment in the range of e.
func (p *plan) hasComment(e edit) bool {
	return slices.ContainsFunc(p.file.Comments, func(group *ast.CommentGroup) bool {
		return group.Pos() < e.end && e.pos < group.End()
	})
}

// edits returns the edits of the plan's fix, including those of the imports.
func (c *checker) edits(p *plan) (edits []analysis.TextEdit) {
	for _, e := range append(p.edits[:len(p.edits):len(p.edits)], c.importEdits(p)...) {
		edits = append(edits, analysis.TextEdit{Pos: e.pos, End: e.end, NewText: []byte(e.text)})
	}
	return edits
}

// importedName returns the name by which the file refers to a package at pos. It is empty
// if there is none.
func (c *checker) importedName(file *ast.File, path string, pos token.Pos) string {
	for _, spec := range file.Imports {
		pkg := c.info.PkgNameOf(spec)
		if pkg == nil || pkg.Imported().Path() != path {
			continue
		}
		if _, obj := c.info.Scopes[file].Innermost(pos).LookupParent(pkg.Name(), pos); obj == pkg {
			return pkg.Name()
		}
	}
	return ""
}

// importEdits adds the import of inprocchain, if it is missing, and removes that of grpchan,
// if it is no longer used.
func (c *checker) importEdits(p *plan) []edit {
	grpchan, missing := (*ast.ImportSpec)(nil), true
	for _, spec := range p.file.Imports {
		switch path, _ := strconv.Unquote(spec.Path.Value); path {
		case grpchanPath:
			grpchan = spec
		case inprocchainPath:
			missing = false
		}
	}
	pkg := c.info.PkgNameOf(grpchan)
	uses := 0
	for id, obj := range c.info.Uses {
		if obj == pkg && p.file.Pos() <= id.Pos() && id.Pos() < p.file.End() {
			uses++
		}
	}
	added := strconv.Quote(inprocchainPath)
	switch unused := uses == len(p.calls); {
	case missing && unused:
		return []edit{{grpchan.Pos(), grpchan.End(), added}}
	case missing && c.isSingle(p.file, grpchan):
		return []edit{{grpchan.End(), grpchan.End(), "\nimport " + added}}
	case missing:
		return []edit{{grpchan.End(), grpchan.End(), "\n" + added}}
	case unused:
		return []edit{c.wholeLines(grpchan.Pos(), grpchan.End())}
	}
	return nil
}

// isSingle reports whether the import is a declaration of its own, without parentheses.
func (c *checker) isSingle(file *ast.File, spec *ast.ImportSpec) bool {
	for _, decl := range file.Decls {
		if decl, ok := decl.(*ast.GenDecl); ok && decl.Pos() <= spec.Pos() && spec.End() <= decl.End() {
			return !decl.Lparen.IsValid()
		}
	}
	return false
}

// wholeLines returns an edit that removes a range and the rest of its lines.
func (c *checker) wholeLines(pos, end token.Pos) edit {
	file := c.pass.Fset.File(pos)
	line := func(pos token.Pos) int { return file.PositionFor(pos, false).Line } // ignores //line comments
	start := file.LineStart(line(pos))
	if next := line(end) + 1; next <= file.LineCount() {
		return edit{start, file.LineStart(next), ""}
	}
	return edit{start, end, ""}
}
