// An upstream system's own code, asked two questions. `containers` prints the containers that it adds to
// pods; `unread` reads ConfigMaps from its standard input and prints the keys that its parsers refuse or
// do not notice. Each system's folder has the answers: `containers`, and `parsers` by ConfigMap.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"reflect"

	corev1 "k8s.io/api/core/v1"
)

type configMap struct {
	Name string            `json:"name"`
	Data map[string]string `json:"data"`
}

type container struct {
	Name            string                      `json:"name"`
	Init            bool                        `json:"init"`
	SecurityContext *corev1.SecurityContext     `json:"securityContext"`
	Resources       corev1.ResourceRequirements `json:"resources"`
	Ports           []int32                     `json:"ports"`
}

// parser reads the values of a ConfigMap, by key, as the system does.
type parser func(data map[string]any) (any, error)

func main() {
	var answer any
	if os.Args[1] == "containers" {
		answer = containers()
	} else {
		var maps []configMap
		must(json.NewDecoder(os.Stdin).Decode(&maps))
		problems := []string{}
		for _, each := range maps {
			problems = append(problems, complaints(each)...)
		}
		answer = problems
	}
	must(json.NewEncoder(os.Stdout).Encode(answer))
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func row(from corev1.Container, init bool) container {
	ports := []int32{}
	for _, port := range from.Ports {
		ports = append(ports, port.ContainerPort)
	}
	return container{from.Name, init, from.SecurityContext, from.Resources, ports}
}

func complaints(from configMap) []string {
	problems := []string{}
	for section, data := range sections(from) {
		parse, known := parsers[section]
		if !known {
			problems = append(problems, section+": no parser reads it")
			continue
		}
		for _, problem := range unread(data, parse) {
			problems = append(problems, section+": "+problem)
		}
	}
	return problems
}

// others are values that no setting has, one for each type.
var others = []any{true, false, "enabled", "platformc", "7", 7, "7s"}

// unread lists the keys without which, and with each other value of which, the parser's result is the same.
func unread(data map[string]any, parse parser) []string {
	original, err := parse(data)
	if err != nil {
		return []string{err.Error()}
	}
	problems := []string{}
	for key, value := range data {
		if !noticed(data, key, value, original, parse) {
			problems = append(problems, fmt.Sprintf("`%s` is not read", key))
		}
	}
	return problems
}

func noticed(data map[string]any, key string, value, original any, parse parser) bool {
	without := map[string]any{}
	for each := range data {
		if each != key {
			without[each] = data[each]
		}
	}
	if differs(without, original, parse) {
		return true
	}
	for _, other := range others {
		without[key] = other
		if other != value && differs(without, original, parse) {
			return true
		}
	}
	return false
}

func differs(data map[string]any, original any, parse parser) bool {
	result, err := parse(data)
	return err != nil || !reflect.DeepEqual(result, original)
}
