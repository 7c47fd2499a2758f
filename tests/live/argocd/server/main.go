// Argo CD's plugin server, repository server and application controller, as its image has them:
// the program's name says which.
package main

import (
	"log"
	"os"
	"path/filepath"

	controller "github.com/argoproj/argo-cd/v3/cmd/argocd-application-controller/commands"
	cmp "github.com/argoproj/argo-cd/v3/cmd/argocd-cmp-server/commands"
	repository "github.com/argoproj/argo-cd/v3/cmd/argocd-repo-server/commands"
	"github.com/spf13/cobra"
)

var servers = map[string]func() *cobra.Command{
	"argocd-application-controller": controller.NewCommand,
	"argocd-cmp-server":             cmp.NewCommand,
	"argocd-repo-server":            repository.NewCommand,
}

func main() {
	name := filepath.Base(os.Args[0])
	server, ok := servers[name]
	if !ok {
		log.Fatalf("%s is no server of Argo CD", name)
	}
	if err := server().Execute(); err != nil {
		log.Fatal(err)
	}
}
