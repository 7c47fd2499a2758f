// containerfile reads a container build file as BuildKit does, and prints its stages as JSON. What
// BuildKit's linter warns of is an error.
package main

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/linter"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
)

type step struct {
	Name  string   `json:"name"`
	Words []string `json:"words"`
	From  string   `json:"from,omitempty"`
}

type stage struct {
	Base  string `json:"base"`
	Name  string `json:"name"`
	Steps []step `json:"steps"`
}

func main() {
	file, err := os.Open(os.Args[1])
	check(err)
	tree, err := parser.Parse(file)
	check(err)
	warned := false
	warn := func(rule, _, _, message string, at []parser.Range) {
		warned = true
		fmt.Fprintf(os.Stderr, "%s: %s (%v)\n", rule, message, at)
	}
	parsed, _, err := instructions.Parse(tree.AST, linter.New(&linter.Config{Warn: warn}))
	check(err)
	for _, one := range tree.Warnings {
		warned = true
		fmt.Fprintln(os.Stderr, one.Short)
	}
	stages := []stage{}
	for _, one := range parsed {
		made := stage{Base: one.BaseName, Name: one.Name, Steps: []step{}}
		for _, command := range one.Commands {
			made.Steps = append(made.Steps, described(command))
		}
		stages = append(stages, made)
	}
	check(json.NewEncoder(os.Stdout).Encode(stages))
	if warned {
		os.Exit(1)
	}
}

func described(command instructions.Command) step {
	made := step{Name: command.Name()}
	switch one := command.(type) {
	case *instructions.CopyCommand:
		made.Words, made.From = append(one.SourcePaths, one.DestPath), one.From
	case *instructions.RunCommand:
		made.Words = one.CmdLine
	case *instructions.EntrypointCommand:
		made.Words = one.CmdLine
	case *instructions.UserCommand:
		made.Words = []string{one.User}
	case *instructions.WorkdirCommand:
		made.Words = []string{one.Path}
	case *instructions.EnvCommand:
		for _, pair := range one.Env {
			made.Words = append(made.Words, pair.String())
		}
	}
	return made
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
