package names

import (
	"fmt"
	slashpath "path"
	"reflect"
	"regexp"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
)

// The compiler appends these to the names of closures, method values and generic
// functions.
var (
	closureSuffix = regexp.MustCompile(`(\.func\d+|\.\d+|-fm|-range\d+|\.gowrap\d+)+$`)
	typeArguments = strings.NewReplacer("[...]", "")
)

// function returns the name of a function. A closure has the name of the function
// that returns it: recovery.UnaryServerInterceptor, not
// recovery.UnaryServerInterceptor.func1.
func function(f any) Name {
	pc := reflect.ValueOf(f).Pointer()
	symbol := runtime.FuncForPC(pc)
	file, line := symbol.FileLine(pc)
	name := nameOf(symbol.Name(), file)
	name.position = fmt.Sprintf("%s:%d", slashpath.Base(file), line)
	return name
}

// nameOf returns the name of a function whose code is in file.
func nameOf(symbol, file string) Name {
	path, name := cutSymbol(typeArguments.Replace(symbol))
	local := closureSuffix.ReplaceAllString(name, "")
	if !strings.Contains(name, ".func") || isDirectoryOf(slashpath.Dir(file), path) {
		return Name{path: path, local: local}
	}
	return inlined(path, local, pathOf(slashpath.Dir(file)))
}

// inlined returns the name of a closure that was compiled into another package,
// because the function that returns it was inlined there. Its symbol consists of the
// function into which the others were inlined, and then their names, the innermost
// last:
//
//	main.main.(*ServerMetrics).UnaryServerInterceptor.UnaryServerInterceptor.func1
//
// The compiler records the package of the first one, in the symbol, and of the last
// one, as the file of the closure.
func inlined(path, local, packageOfLast string) Name {
	caller, last := cutLast(local)
	method, name := cutLast(caller)
	switch {
	case caller == "":
		return Name{path: path, local: local}
	case name != last:
		return Name{path: packageOfLast, local: last}
	}
	// A function calls another one of the same name, as many of go-grpc-middleware do.
	outer, receiver, isMethod := cutReceiver(method)
	switch {
	case outer == "":
		return Name{path: path, local: caller} // the caller is the first function
	case isMethod:
		return Name{path: packageOfLast, local: last + " for " + receiver}
	}
	return Name{path: packageOfLast, local: last}
}

// cutReceiver cuts a pointer receiver, such as (*ServerMetrics), off the end of names.
func cutReceiver(names string) (before, receiver string, ok bool) {
	start := strings.LastIndex(names, "(*")
	if start < 0 || !strings.HasSuffix(names, ")") {
		return names, "", false
	}
	return strings.TrimSuffix(names[:start], "."), names[start+1 : len(names)-1], true
}

func cutLast(names string) (before, last string) {
	dot := strings.LastIndex(names, ".")
	if dot < 0 {
		return "", names
	}
	return names[:dot], names[dot+1:]
}

// cutSymbol cuts the name of a symbol after the path of its package.
func cutSymbol(symbol string) (path, name string) {
	slash := strings.LastIndex(symbol, "/") + 1
	dot := slash + strings.Index(symbol[slash:], ".")
	return symbol[:dot], symbol[dot+1:]
}

// isDirectoryOf reports whether dir is the directory of the package with the given
// path, as far as the names show.
func isDirectoryOf(dir, path string) bool {
	dir, path = pathOf(dir), strings.TrimSuffix(path, "_test")
	info, ok := debug.ReadBuildInfo()
	if ok && path == "main" {
		path = strings.TrimSuffix(info.Path, ".test")
	}
	if dir == path {
		return true
	}
	if !isRooted(dir) {
		return false
	}
	// The directory of the main module may have any name.
	if inModule, found := strings.CutPrefix(path, info.Main.Path+"/"); ok && found {
		return strings.HasSuffix(dir, "/"+inModule)
	}
	return lastElement(dir) == lastElement(path)
}

var version = regexp.MustCompile(`@[^/]*`)

// pathOf returns the path of the package in a directory of the module cache, of a
// vendor directory, or of the standard library. It returns other directories
// unchanged.
func pathOf(dir string) string {
	if path, ok := strings.CutPrefix(dir, standardLibrary()); ok {
		return path
	}
	for _, root := range []string{"/vendor/", "/pkg/mod/"} {
		if _, path, ok := strings.Cut(dir, root); ok {
			dir = path
		}
	}
	return version.ReplaceAllString(dir, "")
}

// standardLibrary returns the directory of the standard library, with a slash.
var standardLibrary = sync.OnceValue(func() string {
	pc := reflect.ValueOf(strings.Cut).Pointer()
	file, _ := runtime.FuncForPC(pc).FileLine(pc)
	return strings.TrimSuffix(slashpath.Dir(file), "strings")
})

// isRooted reports whether path is that of a directory, not of a package.
func isRooted(path string) bool {
	return strings.HasPrefix(path, "/") || strings.Contains(path, ":/")
}
