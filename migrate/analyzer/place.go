package analyzer

import (
	"go/ast"
	"go/token"
	"go/types"
	"strings"
)

// place is where a channel is stored: in a variable or in a field of one, at any
// depth. The place of a channel that is not stored is the expression that yields
// it. The zero place is none of these.
type place struct {
	root   *types.Var
	expr   token.Pos // if there is no root
	fields string    // each with a dot before it
}

// within reports whether p is a field of what is at other.
func (p place) within(other place) bool {
	return p.root == other.root && p.expr == other.expr && strings.HasPrefix(p.fields, other.fields+".")
}

// placeOf returns the place of the channel that e is or embeds. Two variables with the
// same channel have one place if both are local variables that are assigned once.
func (c *checker) placeOf(e ast.Expr) place {
	switch e := ast.Unparen(e).(type) {
	case *ast.Ident:
		return c.placeOfVar(varOf(c.info, e))
	case *ast.UnaryExpr:
		if e.Op == token.AND && !c.isFresh(e) {
			return c.placeOf(e.X)
		}
	case *ast.StarExpr:
		return c.placeOf(e.X)
	case *ast.SelectorExpr:
		return c.placeOfField(e)
	case *ast.CallExpr:
		if sel, _ := c.settingOf(e); sel != nil {
			return c.placeOfReceiver(sel)
		}
	case nil:
		return place{}
	}
	return place{expr: ast.Unparen(e).Pos()}
}

func (c *checker) placeOfVar(x *types.Var) place {
	if x == nil {
		return place{}
	}
	if value := c.vars.sole(x); value != nil && isChannel(x.Type()) {
		if from := c.placeOf(value); from.root != nil && from.fields == "" && c.vars.sole(from.root) != nil {
			return from
		}
	}
	return place{root: x}
}

func (c *checker) placeOfField(sel *ast.SelectorExpr) place {
	field := c.info.Selections[sel]
	if field == nil {
		return c.placeOfVar(varOf(c.info, sel.Sel)) // a variable of a package
	}
	if field.Kind() != types.FieldVal {
		return place{}
	}
	return c.descend(c.placeOf(sel.X), field.Recv(), field.Index())
}

// placeOfReceiver returns the place of the channel whose method sel is. Fields
// may be embedded.
func (c *checker) placeOfReceiver(sel *ast.SelectorExpr) place {
	method := c.info.Selections[sel]
	index := method.Index()
	return c.descend(c.placeOf(sel.X), method.Recv(), index[:len(index)-1])
}

// descend adds the fields with these indices, from one embedded struct to the
// next.
func (c *checker) descend(p place, t types.Type, index []int) place {
	if p == (place{}) {
		return p
	}
	for _, i := range index {
		if ptr, ok := t.Underlying().(*types.Pointer); ok {
			t = ptr.Elem()
		}
		field := t.Underlying().(*types.Struct).Field(i)
		p.fields += "." + field.Name()
		t = field.Type()
	}
	return p
}
