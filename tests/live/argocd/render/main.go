// Prints the manifests of an application's source as Argo CD's repository server makes them: the
// tool that it chooses for the folder, and that tool's output. Reads the source as JSON.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"log"
	"os"
	"path/filepath"

	"github.com/argoproj/argo-cd/v3/pkg/apis/application/v1alpha1"
	"github.com/argoproj/argo-cd/v3/reposerver/apiclient"
	"github.com/argoproj/argo-cd/v3/reposerver/repository"
	"github.com/argoproj/argo-cd/v3/util/git"
	utilio "github.com/argoproj/argo-cd/v3/util/io"
	"k8s.io/apimachinery/pkg/api/resource"
)

func main() {
	root := flag.String("root", "", "the checkout")
	flag.Parse()
	var source v1alpha1.ApplicationSource
	check(json.NewDecoder(os.Stdin).Decode(&source))
	request := &apiclient.ManifestRequest{
		ApplicationSource:  &source,
		Repo:               &v1alpha1.Repository{Repo: source.RepoURL},
		AppName:            "platform",
		ProjectName:        "platform",
		ProjectSourceRepos: []string{"*"},
	}
	paths := utilio.NewRandomizedTempPaths(os.TempDir())
	reply, err := repository.GenerateManifests(context.Background(), filepath.Join(*root, source.Path), *root,
		"0000000000000000000000000000000000000000", request, true, &git.NoopCredsStore{}, resource.MustParse("10M"), paths)
	check(err)
	manifests := []json.RawMessage{}
	for _, manifest := range reply.Manifests {
		manifests = append(manifests, json.RawMessage(manifest))
	}
	check(json.NewEncoder(os.Stdout).Encode(map[string]any{"tool": reply.SourceType, "manifests": manifests}))
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
