package main

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	network "knative.dev/networking/pkg/config"
	"knative.dev/pkg/logging"
	apiconfig "knative.dev/serving/pkg/apis/config"
	v1 "knative.dev/serving/pkg/apis/serving/v1"
	autoscaler "knative.dev/serving/pkg/autoscaler/config"
	"knative.dev/serving/pkg/deployment"
	"knative.dev/serving/pkg/gc"
	"knative.dev/serving/pkg/observability"
	"knative.dev/serving/pkg/reconciler/revision/config"
	"knative.dev/serving/pkg/reconciler/revision/resources"
	route "knative.dev/serving/pkg/reconciler/route/config"
)

var parsers = map[string]parser{
	"config-autoscaler":    of(autoscaler.NewConfigFromMap),
	"config-defaults":      of(apiconfig.NewDefaultsConfigFromMap),
	"config-deployment":    of(withSidecarImage),
	"config-features":      of(apiconfig.NewFeaturesConfigFromMap),
	"config-network":       of(network.NewConfigFromMap),
	"config-observability": of(observability.NewFromMap),
	"config-domain":        ofConfigMap(route.NewDomainFromConfigMap),
	"config-gc":            ofConfigMap(gc.NewConfigFromConfigMapFunc(context.Background())),
}

func sections(from configMap) map[string]map[string]any {
	data := map[string]any{}
	for key, value := range from.Data {
		data[key] = value
	}
	return map[string]map[string]any{from.Name: data}
}

// of gives a parser the values as a ConfigMap holds them: text.
func of[T any](parse func(map[string]string) (T, error)) parser {
	return func(data map[string]any) (any, error) {
		texts := map[string]string{}
		for key, value := range data {
			texts[key] = fmt.Sprint(value)
		}
		return parse(texts)
	}
}

func ofConfigMap[T any](parse func(*corev1.ConfigMap) (T, error)) parser {
	return of(func(data map[string]string) (T, error) { return parse(&corev1.ConfigMap{Data: data}) })
}

// The release ships the image, and the parser refuses a ConfigMap without it.
func withSidecarImage(data map[string]string) (*deployment.Config, error) {
	whole := map[string]string{"queue-sidecar-image": "queue"}
	for key, value := range data {
		whole[key] = value
	}
	return deployment.NewConfigFromMap(whole)
}

func value[T any](from T, err error) T {
	must(err)
	return from
}

// containers are those of a revision's pod next to the user's own.
func containers() []container {
	empty := map[string]string{}
	settings := &config.Config{
		Config: &apiconfig.Config{
			Autoscaler: value(autoscaler.NewConfigFromMap(empty)),
			Defaults:   value(apiconfig.NewDefaultsConfigFromMap(empty)),
			Features:   value(apiconfig.NewFeaturesConfigFromMap(empty)),
		},
		Deployment:    value(withSidecarImage(empty)),
		Logging:       value(logging.NewConfigFromMap(empty)),
		Network:       value(network.NewConfigFromMap(empty)),
		Observability: value(observability.NewFromMap(empty)),
	}
	revision := &v1.Revision{
		ObjectMeta: metav1.ObjectMeta{Name: "model", Namespace: "models"},
		Spec: v1.RevisionSpec{PodSpec: corev1.PodSpec{
			Containers: []corev1.Container{{Name: "user", Image: "model"}},
		}},
	}
	revision.SetDefaults(context.Background())
	revision.Status.ContainerStatuses = []v1.ContainerStatus{{Name: "user", ImageDigest: "model"}}
	rows := []container{}
	for _, each := range value(resources.MakeDeployment(revision, settings)).Spec.Template.Spec.Containers {
		if each.Name != "user" {
			rows = append(rows, row(each, false))
		}
	}
	return rows
}
