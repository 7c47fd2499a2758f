// The real plugin server of Argo CD, as its sidecar image has it.
package main

import (
	"log"

	cmp "github.com/argoproj/argo-cd/v3/cmd/argocd-cmp-server/commands"
)

func main() {
	if err := cmp.NewCommand().Execute(); err != nil {
		log.Fatal(err)
	}
}
