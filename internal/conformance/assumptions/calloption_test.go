package assumptions

import (
	"go/ast"
	"go/build"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// internal/rpc reads each call option of grpc-go by its type.
func TestCallOptionTypes(t *testing.T) {
	t.Parallel()
	want := []string{
		// Options that internal/rpc reads.
		"AuthorityOverrideCallOption",
		"CompressorCallOption", // It reports a compressor that is not registered.
		"ContentSubtypeCallOption",
		"CustomCodecCallOption",
		"FailFastCallOption",
		"ForceCodecCallOption",
		"ForceCodecV2CallOption",
		"HeaderCallOption",
		"MaxRecvMsgSizeCallOption",
		"MaxSendMsgSizeCallOption",
		"OnFinishCallOption",
		"PeerCallOption",
		"PerRPCCredsCallOption",
		"TrailerCallOption",

		// Options that have no effect on a Channel.
		"EmptyCallOption",
		"MaxRetryRPCBufferSizeCallOption", // Nothing is retried.
		"StaticMethodCallOption",
		"acceptCompressorsCallOption", // Nothing is compressed.
	}
	slices.Sort(want)
	got := callOptionTypes(t)
	for _, name := range got {
		if !slices.Contains(want, name) {
			t.Errorf("grpc-go has the call option grpc.%s, which is new. "+
				"Find out what it does on a network, compare that in internal/conformance/scenarios, and let callOptions in internal/rpc do it; "+
				"if it cannot have an effect in-process, add a row to docs/differences.md. Then add it to the list in this test.", name)
		}
	}
	for _, name := range want {
		if !slices.Contains(got, name) {
			t.Errorf("grpc-go has no call option grpc.%s any more. "+
				"See what replaces it, then remove it from callOptions in internal/rpc, if it is there, and from the list in this test.", name)
		}
	}
}

// callOptionTypes returns the names of the types in package grpc that implement
// grpc.CallOption: those that declare its unexported method before, and those that embed one.
func callOptionTypes(t *testing.T) []string {
	t.Helper()
	pkg, err := build.Import("google.golang.org/grpc", ".", build.FindOnly)
	if err != nil {
		t.Fatal(err)
	}
	paths, err := filepath.Glob(filepath.Join(pkg.Dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	embedded := map[string][]string{} // the names that a type embeds, by its name
	options := map[string]bool{}
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, decl := range file.Decls {
			switch decl := decl.(type) {
			case *ast.FuncDecl:
				if decl.Recv != nil && decl.Name.Name == "before" {
					options[typeName(decl.Recv.List[0].Type)] = true
				}
			case *ast.GenDecl:
				for _, spec := range decl.Specs {
					if spec, ok := spec.(*ast.TypeSpec); ok {
						embedded[spec.Name.Name] = embeddedIn(spec.Type)
					}
				}
			}
		}
	}
	for found := true; found; {
		found = false
		for name, fields := range embedded {
			if !options[name] && slices.ContainsFunc(fields, func(field string) bool { return options[field] }) {
				options[name], found = true, true
			}
		}
	}
	return slices.Sorted(maps.Keys(options))
}

func embeddedIn(expr ast.Expr) (names []string) {
	if structure, ok := expr.(*ast.StructType); ok {
		for _, field := range structure.Fields.List {
			if len(field.Names) == 0 {
				names = append(names, typeName(field.Type))
			}
		}
	}
	return names
}

// typeName returns the name of a type of package grpc, or of what it points to. It returns ""
// for types of other packages.
func typeName(expr ast.Expr) string {
	if pointer, ok := expr.(*ast.StarExpr); ok {
		expr = pointer.X
	}
	if name, ok := expr.(*ast.Ident); ok {
		return name.Name
	}
	return ""
}
