package names

import (
	"regexp"
	"strings"
)

// shorten returns a short name for the path of each package: its last element, or as
// many elements as are needed to tell it from the other packages.
func shorten(all []Name) map[string]string {
	short := map[string]string{}
	for _, name := range all {
		short[name.path] = lastElement(name.path)
	}
	for {
		pathsOf := map[string][]string{}
		for path, name := range short {
			pathsOf[name] = append(pathsOf[name], path)
		}
		changed := false
		for name, paths := range pathsOf {
			for _, path := range paths {
				if !hasOtherPackage(paths, path) || name == path {
					continue
				}
				short[path] = lengthen(path, name)
				changed = true
			}
		}
		if !changed {
			return short
		}
	}
}

// hasOtherPackage reports whether one of paths is not that of the package at path.
func hasOtherPackage(paths []string, path string) bool {
	for _, other := range paths {
		if other != path && !isDirectoryOf(other, path) && !isDirectoryOf(path, other) {
			return true
		}
	}
	return false
}

var majorVersion = regexp.MustCompile(`/v\d+$`)

// lastElement returns the last element of a path that is not a major version.
func lastElement(path string) string {
	path = majorVersion.ReplaceAllString(path, "")
	return path[strings.LastIndex(path, "/")+1:]
}

// lengthen returns the last elements of path, one more than short has.
func lengthen(path, short string) string {
	before, ok := strings.CutSuffix(path, short)
	if !ok {
		return short + majorVersion.FindString(path) // which lastElement has removed
	}
	before = strings.TrimSuffix(before, "/")
	return path[strings.LastIndex(before, "/")+1:]
}
