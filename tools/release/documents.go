package main

import "strings"

// A block is a fenced code block of a document.
type block struct {
	language string
	text     string
}

func blocksOf(document string) []block {
	var blocks []block
	open := false
	for line := range strings.Lines(document) {
		fence, isFence := strings.CutPrefix(strings.TrimSpace(line), "```")
		switch {
		case isFence && open:
			open = false
		case isFence:
			open = true
			language, _, _ := strings.Cut(fence, " ")
			blocks = append(blocks, block{language: language})
		case open:
			blocks[len(blocks)-1].text += line
		}
	}
	return blocks
}

// commandsOf returns the commands in a document's shell blocks that use a published
// version of the module or of a nested module.
func commandsOf(document, modulePath string) []string {
	var commands []string
	for _, b := range blocksOf(document) {
		if b.language != "sh" {
			continue
		}
		for line := range strings.Lines(b.text) {
			command, _, _ := strings.Cut(line, " #")
			command = strings.TrimSpace(command)
			for _, verb := range []string{"go get ", "go run ", "go install "} {
				if strings.HasPrefix(command, verb) && strings.Contains(command, modulePath) {
					commands = append(commands, command)
				}
			}
		}
	}
	return commands
}

// programsOf returns the Go blocks of a document that are whole programs.
func programsOf(document string) []string {
	var programs []string
	for _, b := range blocksOf(document) {
		if b.language == "go" && strings.Contains("\n"+b.text, "\npackage main\n") {
			programs = append(programs, b.text)
		}
	}
	return programs
}
