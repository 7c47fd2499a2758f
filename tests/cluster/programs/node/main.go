// node is what runs on a Kubernetes node with containerd, in one binary: kubelet, kube-proxy, policies
// (kube-router's controller of network policies), registry (pull-only, from a folder) and forward.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"k8s.io/component-base/cli"
	_ "k8s.io/component-base/logs/json/register"
	_ "k8s.io/component-base/metrics/prometheus/clientgo"
	_ "k8s.io/component-base/metrics/prometheus/version"
	proxy "k8s.io/kubernetes/cmd/kube-proxy/app"
	kubelet "k8s.io/kubernetes/cmd/kubelet/app"

	"context"
)

func main() {
	name, rest := filepath.Base(os.Args[0]), os.Args[1:]
	if name == "node" {
		if len(rest) == 0 {
			usage()
		}
		name, rest = rest[0], rest[1:]
	}
	os.Args = append([]string{name}, rest...)
	switch name {
	case "kubelet":
		os.Exit(cli.Run(kubelet.NewKubeletCommand(context.Background())))
	case "kube-proxy":
		os.Exit(cli.Run(proxy.NewProxyCommand()))
	case "policies":
		fail(policies(rest))
	case "registry":
		fail(registry(rest))
	case "forward":
		fail(forward(rest))
	default:
		usage()
	}
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func usage() {
	fmt.Fprintln(os.Stderr, "usage: node kubelet|kube-proxy|policies|registry|forward [arguments]")
	os.Exit(2)
}
