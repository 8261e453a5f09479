package names

import (
	"regexp"
	"strings"
)

// shorten returns what to call each package: the last element of its path, or as many
// elements as tell it from the packages of the other names.
func shorten(all []Name) map[string]string {
	short := map[string]string{}
	for _, name := range all {
		short[name.path] = lastElement(name.path)
	}
	for {
		users := map[string][]string{}
		for path, called := range short {
			users[called] = append(users[called], path)
		}
		changed := false
		for called, paths := range users {
			for _, path := range paths {
				if !hasOtherPackage(paths, path) || called == path {
					continue
				}
				short[path] = lengthen(path, called)
				changed = true
			}
		}
		if !changed {
			return short
		}
	}
}

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

// lengthen returns the end of path that has one element more than short.
func lengthen(path, short string) string {
	before, ok := strings.CutSuffix(path, short)
	if !ok {
		return short + majorVersion.FindString(path) // lastElement has left it out
	}
	before = strings.TrimSuffix(before, "/")
	return path[strings.LastIndex(before, "/")+1:]
}
