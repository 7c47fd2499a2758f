package main

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/fake"
	"sigs.k8s.io/yaml"

	"github.com/argoproj/argo-workflows/v4/config"
	wfv1 "github.com/argoproj/argo-workflows/v4/pkg/apis/workflow/v1alpha1"
)

var parsers = map[string]parser{
	"workflow-controller-configmap": settings,
	"artifact-repositories":         repositories,
}

func sections(from configMap) map[string]map[string]any {
	data := map[string]any{}
	for key, value := range from.Data {
		data[key] = value
	}
	return map[string]map[string]any{from.Name: data}
}

func texts(data map[string]any) map[string]string {
	texts := map[string]string{}
	for key, value := range data {
		texts[key] = fmt.Sprint(value)
	}
	return texts
}

// settings reads the controller's ConfigMap as the controller does, which refuses unknown keys at any depth.
func settings(data map[string]any) (any, error) {
	name := metav1.ObjectMeta{Name: "settings", Namespace: "argo"}
	cluster := fake.NewSimpleClientset(&corev1.ConfigMap{ObjectMeta: name, Data: texts(data)})
	return config.NewController("argo", "settings", cluster).Get(context.Background())
}

// repositories reads each key into the type that the controller has for it (workflow/artifactrepositories).
func repositories(data map[string]any) (any, error) {
	all := map[string]wfv1.ArtifactRepository{}
	for key, text := range texts(data) {
		var repository wfv1.ArtifactRepository
		if err := yaml.UnmarshalStrict([]byte(text), &repository); err != nil {
			return nil, fmt.Errorf("%s: %w", key, err)
		}
		all[key] = repository
	}
	return all, nil
}

// containers are none: the executor's security context is the one of the controller's ConfigMap.
func containers() []container { return nil }
