package analyzer

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"strconv"
	"strings"
)

// importName returns the name by which the edits of the plan can refer to inprocchain,
// and whether the file already imports it under that name.
func (c *checker) importName(p *plan) (name string, imported bool) {
	for _, spec := range p.file.Imports {
		if pkg := c.pkgName(spec); pkg != nil && pkg.Imported().Path() == inprocchainPath && pkg.Name() != "." && c.denotes(p, pkg.Name(), pkg) {
			return pkg.Name(), true
		}
	}
	name = "inprocchain"
	for n := 2; !c.denotes(p, name, nil); n++ {
		name = fmt.Sprint("inprocchain", n)
	}
	return name, false
}

// importSpec returns the import spec for inprocchain under a name.
func importSpec(name string) string {
	spec := strconv.Quote(inprocchainPath)
	if name == "inprocchain" {
		return spec
	}
	return name + " " + spec
}

func (c *checker) pkgName(spec *ast.ImportSpec) *types.PkgName {
	if spec.Name != nil {
		pkg, _ := c.info.Defs[spec.Name].(*types.PkgName)
		return pkg
	}
	pkg, _ := c.info.Implicits[spec].(*types.PkgName)
	return pkg
}

// denotes reports whether name denotes obj in every place where the plan needs the name
// of inprocchain. If obj is nil, it reports whether name is unused there.
func (c *checker) denotes(p *plan, name string, obj types.Object) bool {
	file := c.info.Scopes[p.file]
	for _, e := range p.edits {
		if !strings.Contains(e.text, qualifier) {
			continue
		}
		_, found := file.Innermost(e.pos).LookupParent(name, e.pos)
		if found != obj {
			return false
		}
	}
	return true
}

// dropImports removes the imports that the plan leaves unused. If added is not
// empty, it replaces the first of them, or is added to the other imports.
func (c *checker) dropImports(p *plan, added string) (edits []edit) {
	dropped := make(map[*ast.ImportSpec]bool)
	for _, spec := range p.file.Imports {
		if c.unused(p, spec) {
			dropped[spec] = true
		}
	}
	for _, decl := range p.file.Decls {
		decl, ok := decl.(*ast.GenDecl)
		if !ok || decl.Tok != token.IMPORT {
			continue
		}
		var rest []*ast.ImportSpec
		for _, spec := range decl.Specs {
			spec := spec.(*ast.ImportSpec)
			switch {
			case dropped[spec] && added != "":
				pos, end := specRange(spec)
				edits = append(edits, edit{pos, end, added})
				added = ""
			case dropped[spec]:
				rest = append(rest, spec)
			}
		}
		if len(rest) == len(decl.Specs) {
			edits = append(edits, c.wholeLines(decl.Pos(), decl.End()))
			continue
		}
		for _, spec := range rest {
			edits = append(edits, c.wholeLines(specRange(spec)))
		}
	}
	if added != "" {
		edits = append(edits, addImport(p.file, added))
	}
	return edits
}

// unused reports whether the plan removes the last use of the import. It is false
// for an import that was unused before.
func (c *checker) unused(p *plan, spec *ast.ImportSpec) bool {
	pkg := c.pkgName(spec)
	if pkg == nil {
		return false
	}
	removed := false
	qualified := make(map[*ast.Ident]bool)
	for n := range ast.Preorder(p.file) {
		if sel, ok := n.(*ast.SelectorExpr); ok {
			qualified[sel.Sel] = true
		}
		id, ok := n.(*ast.Ident)
		if !ok || qualified[id] {
			continue
		}
		obj := c.info.Uses[id]
		if obj != pkg && (pkg.Name() != "." || obj == nil || obj.Parent() != pkg.Imported().Scope()) {
			continue
		}
		if !p.removes(id) {
			return false
		}
		removed = true
	}
	return removed
}

// specRange returns the range of an import and its comments.
func specRange(spec *ast.ImportSpec) (pos, end token.Pos) {
	pos, end = spec.Pos(), spec.End()
	if spec.Doc != nil {
		pos = spec.Doc.Pos()
	}
	if spec.Comment != nil {
		end = spec.Comment.End()
	}
	return pos, end
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

// addImport returns an edit that inserts a spec after that of grpchan, or after
// the last import, or after the package clause.
func addImport(file *ast.File, spec string) edit {
	var after *ast.ImportSpec
	for _, s := range file.Imports {
		switch path, _ := strconv.Unquote(s.Path.Value); path {
		case inprocgrpcPath, grpchanPath:
			after = s
		case "C": // Its comment must remain directly before it.
		default:
			if after == nil || !strings.Contains(after.Path.Value, grpchanPath) {
				after = s
			}
		}
	}
	if after == nil {
		return edit{file.Name.End(), file.Name.End(), "\n\nimport " + spec}
	}
	for _, decl := range file.Decls {
		decl, ok := decl.(*ast.GenDecl)
		if ok && decl.Tok == token.IMPORT && decl.Pos() <= after.Pos() && after.End() <= decl.End() && !decl.Lparen.IsValid() {
			spec = "import " + spec
		}
	}
	_, end := specRange(after)
	return edit{end, end, "\n" + spec}
}
