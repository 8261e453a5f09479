package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// A block is a fenced Go code block of a document, or a program in a package comment.
type block struct {
	document string
	line     int // of its first line, from 1
	lines    []string
}

// isFile reports whether the block is a whole file and not a fragment.
func (b block) isFile() bool {
	for _, line := range b.lines {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "//") {
			continue
		}
		return strings.HasPrefix(line, "package ") || strings.HasPrefix(line, "import ")
	}
	return false
}

func blocksOf(root, document string) ([]block, error) {
	text, err := os.ReadFile(filepath.Join(root, document))
	if err != nil {
		return nil, err
	}
	if strings.HasSuffix(document, ".go") {
		return programsOf(document, string(text)), nil
	}
	var blocks []block
	open, fence := "", ""
	for i, line := range strings.Split(string(text), "\n") {
		trimmed := strings.TrimSpace(line)
		switch {
		case fence == "" && strings.HasPrefix(trimmed, "```"):
			open = strings.TrimLeft(trimmed, "`")
			fence = strings.TrimSuffix(trimmed, open)
			if isGo(open) {
				blocks = append(blocks, block{document: document, line: i + 2})
			}
		case fence != "" && trimmed == fence:
			fence = ""
		case fence != "" && isGo(open):
			last := &blocks[len(blocks)-1]
			last.lines = append(last.lines, line)
		}
	}
	if fence != "" {
		return nil, fmt.Errorf("%s: the last block is not closed", document)
	}
	return blocks, nil
}

// programsOf returns the indented passages of the comments in a Go file that are whole
// files.
func programsOf(document, text string) []block {
	var programs []block
	var passage block
	end := func() {
		if passage.isFile() {
			programs = append(programs, passage)
		}
		passage = block{}
	}
	for i, line := range strings.Split(text, "\n") {
		code, isCode := strings.CutPrefix(line, "//\t")
		switch {
		case isCode && passage.lines == nil:
			passage = block{document: document, line: i + 1, lines: []string{code}}
		case isCode:
			passage.lines = append(passage.lines, code)
		case line == "//" && passage.lines != nil:
			passage.lines = append(passage.lines, "") // the passage may continue
		default:
			end()
		}
	}
	end()
	return programs
}

// isGo reports whether the info string of a fence begins with the language go.
func isGo(info string) bool {
	words := strings.Fields(info)
	return len(words) > 0 && words[0] == "go"
}
