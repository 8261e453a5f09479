package analyzer

import (
	"go/ast"
	"go/token"
	"go/types"
)

// place is where a channel is: in a variable, or in the value of an expression that makes
// one. The zero place is anything else, such as a field, which other functions may assign.
type place struct {
	variable *types.Var
	made     token.Pos
}

// placeOf returns the place of the channel that e is. Two variables with the same channel
// have one place if both are local variables that are assigned once.
func (c *checker) placeOf(e ast.Expr) place {
	switch e := ast.Unparen(e).(type) {
	case *ast.Ident:
		return c.placeOfVar(varOf(c.info, e))
	case *ast.UnaryExpr:
		return place{made: e.Pos()}
	case *ast.CallExpr:
		if sel, _ := c.settingOf(e); sel != nil {
			return c.placeOf(sel.X)
		}
		return place{made: e.Pos()}
	}
	return place{}
}

func (c *checker) placeOfVar(x *types.Var) place {
	if x == nil {
		return place{}
	}
	if value := c.vars.sole(x); value != nil && isChannel(x.Type()) {
		if from := c.placeOf(value); from.variable != nil && c.vars.sole(from.variable) != nil {
			return from
		}
	}
	return place{variable: x}
}
