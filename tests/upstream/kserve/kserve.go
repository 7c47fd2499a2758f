package main

import (
	"context"
	"encoding/json"
	"os"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/yaml"

	"github.com/kserve/kserve/pkg/apis/serving/v1alpha1"
	"github.com/kserve/kserve/pkg/apis/serving/v1beta1"
	"github.com/kserve/kserve/pkg/constants"
	"github.com/kserve/kserve/pkg/webhook/admission/pod"
)

var parsers = map[string]parser{
	"deploy":  of("deploy", v1beta1.NewDeployConfig),
	"ingress": of("ingress", v1beta1.NewIngressConfig),
}

// sections are the keys of `inferenceservice-config`, each of which holds JSON.
func sections(from configMap) map[string]map[string]any {
	data := map[string]map[string]any{}
	for key, text := range from.Data {
		values := map[string]any{}
		must(json.Unmarshal([]byte(text), &values))
		data[key] = values
	}
	return data
}

func of[T any](key string, parse func(*corev1.ConfigMap) (T, error)) parser {
	return func(data map[string]any) (any, error) {
		text, err := json.Marshal(data)
		must(err)
		return parse(&corev1.ConfigMap{Data: map[string]string{key: string(text)}})
	}
}

// containers are those that the webhook adds to a model's pod: from a bucket with a logger, and from an
// image by its own means. The variable RELEASE names the file of the release's objects.
func containers() []container {
	settings := object[corev1.ConfigMap]("ConfigMap", "inferenceservice-config")
	fetcher := object[v1alpha1.ClusterStorageContainer]("ClusterStorageContainer", "default")
	rows := []container{}
	for _, annotations := range []map[string]string{
		{constants.StorageInitializerSourceUriInternalAnnotationKey: "s3://models/iris", constants.LoggerInternalAnnotationKey: "true"},
		{constants.StorageInitializerSourceUriInternalAnnotationKey: "oci://registry/iris:1"},
	} {
		server := corev1.Container{Name: constants.InferenceServiceContainerName, Image: "server"}
		added := &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Name: "iris", Namespace: "models", Annotations: annotations},
			Spec:       corev1.PodSpec{Containers: []corev1.Container{server}},
		}
		must(pod.Mutated(context.Background(), added, &settings, &fetcher))
		for _, each := range added.Spec.InitContainers {
			rows = append(rows, row(each, true))
		}
		for _, each := range added.Spec.Containers[1:] {
			rows = append(rows, row(each, false))
		}
	}
	return rows
}

func object[T any](kind, name string) T {
	file, err := os.Open(os.Getenv("RELEASE"))
	must(err)
	documents := yaml.NewYAMLOrJSONDecoder(file, 4096)
	for {
		raw := map[string]any{}
		must(documents.Decode(&raw))
		metadata, _ := raw["metadata"].(map[string]any)
		if raw["kind"] == kind && metadata["name"] == name {
			text, err := json.Marshal(raw)
			must(err)
			var typed T
			must(json.Unmarshal(text, &typed))
			return typed
		}
	}
}
