// Knative's operator, asked for the objects that it installs: it reads KnativeServings from its standard input
// and prints a list of objects for each, or the reason for which it has none.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"

	"go.uber.org/zap"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"knative.dev/operator/pkg/apis/operator/v1beta1"
	"knative.dev/operator/pkg/reconciler/knativeserving"
	"knative.dev/pkg/logging"
)

type answer struct {
	Objects []unstructured.Unstructured `json:"objects"`
	Refusal string                      `json:"refusal"`
}

func main() {
	var servings []json.RawMessage
	must(json.NewDecoder(os.Stdin).Decode(&servings))
	answers := []answer{}
	for _, each := range servings {
		answers = append(answers, ask(each))
	}
	must(json.NewEncoder(os.Stdout).Encode(answers))
}

func ask(text []byte) answer {
	serving := &v1beta1.KnativeServing{}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(serving); err != nil {
		return answer{Refusal: err.Error()}
	}
	quiet := logging.WithLogger(context.Background(), zap.NewNop().Sugar())
	objects, err := knativeserving.Objects(quiet, serving)
	if err != nil {
		return answer{Refusal: err.Error()}
	}
	return answer{Objects: objects}
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
