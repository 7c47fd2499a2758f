// Asks a plugin server what the repository server asks: does the plugin want this directory, which
// parameters does it announce, what are the manifests. Prints one JSON object; fails as the call did.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"log"
	"os"
	"time"

	"github.com/argoproj/argo-cd/v3/cmpserver/apiclient"
	"github.com/argoproj/argo-cd/v3/pkg/apis/application/v1alpha1"
	"github.com/argoproj/argo-cd/v3/util/cmp"
)

type answer struct {
	Supported bool              `json:"supported"`
	Announced []map[string]any  `json:"announced"`
	Manifests []json.RawMessage `json:"manifests"`
}

func main() {
	socket := flag.String("socket", "", "the server's socket")
	directory := flag.String("directory", "", "the application's directory")
	root := flag.String("root", "", "the repository's root")
	revision := flag.String("revision", "", "the commit")
	parameters := flag.String("parameters", "[]", "the application's plugin parameters, as JSON")
	deadline := flag.Duration("deadline", time.Minute, "of each call")
	flag.Parse()

	closer, client, err := apiclient.NewConfigManagementPluginClientSet(*socket).NewConfigManagementPluginClient()
	check(err)
	defer func() { _ = closer.Close() }()
	call := caller{client, *directory, *root, *deadline, environment(*revision, *parameters)}

	var found answer
	found.Supported = call.matches()
	found.Announced = call.announced()
	if found.Supported {
		found.Manifests = call.manifests()
	}
	check(json.NewEncoder(os.Stdout).Encode(found))
}

type caller struct {
	client    apiclient.ConfigManagementPluginServiceClient
	directory string
	root      string
	deadline  time.Duration
	env       []string
}

func (c caller) matches() bool {
	ctx, cancel := context.WithTimeout(context.Background(), c.deadline)
	defer cancel()
	stream, err := c.client.MatchRepository(ctx)
	check(err)
	check(cmp.SendRepoStream(ctx, c.directory, c.root, stream, c.env, nil))
	reply, err := stream.CloseAndRecv()
	check(err)
	return reply.IsDiscoveryEnabled && reply.IsSupported
}

func (c caller) announced() []map[string]any {
	ctx, cancel := context.WithTimeout(context.Background(), c.deadline)
	defer cancel()
	stream, err := c.client.GetParametersAnnouncement(ctx)
	check(err)
	check(cmp.SendRepoStream(ctx, c.directory, c.root, stream, c.env, nil))
	reply, err := stream.CloseAndRecv()
	check(err)
	text, err := json.Marshal(reply.ParameterAnnouncements)
	check(err)
	var found []map[string]any
	check(json.Unmarshal(text, &found))
	return found
}

func (c caller) manifests() []json.RawMessage {
	ctx, cancel := context.WithTimeout(context.Background(), c.deadline)
	defer cancel()
	stream, err := c.client.GenerateManifest(ctx)
	check(err)
	check(cmp.SendRepoStream(ctx, c.directory, c.root, stream, c.env, nil))
	reply, err := stream.CloseAndRecv()
	check(err)
	found := []json.RawMessage{}
	for _, manifest := range reply.Manifests {
		found = append(found, json.RawMessage(manifest))
	}
	return found
}

// environment is what the repository server tells a plugin of an application.
func environment(revision, parameters string) []string {
	var given v1alpha1.ApplicationSourcePluginParameters
	check(json.Unmarshal([]byte(parameters), &given))
	env, err := given.Environ()
	check(err)
	return append(env, "ARGOCD_APP_NAME=platform", "ARGOCD_APP_REVISION="+revision)
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
