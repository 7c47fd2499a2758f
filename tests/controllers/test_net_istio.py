"""The demands of net-istio on our objects, from its source: knative-extensions/net-istio, knative-v1.21.1.

An older release runs in `tests/cluster/test_serverless.py`. The reader of its ConfigMap is in `net_istio.py`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

import pytest
from support.cluster import environments, lowered

from compiler.model import Manifest
from compiler.upstream.prerequisites import prerequisites
from controllers.net_istio import KEYS, gateways_of, refusals

# config/203-local-gateway.yaml: the port of its Gateway, which the pods of Istio's gateway open, and the
# label without which istiod takes it for a port of the Service (istio/istio, pilot/pkg/model/gateway.go).
LOCAL_PORT = 8081
UNTRANSLATED = {"experimental.istio.io/disable-gateway-port-translation": "true"}
# config/202-gateway.yaml and 203-local-gateway.yaml: the labels that both Gateways of the release select.
SELECTED = {"istio": "ingressgateway"}
GATEWAYS = {"knative-ingress-gateway", "knative-local-gateway"}
VALID = {key: json.dumps([{"name": "g", "namespace": "n", "service": "s.n.svc"}]) for key in KEYS}


def settings() -> Iterator[tuple[str, str, Mapping[str, Mapping[str, Manifest]]]]:
    """The objects that Knative's prerequisites patch, by kind and name, of each environment with some."""
    for scenario, environment in environments():
        for prerequisite in prerequisites(lowered(scenario, environment).graph):
            objects: dict[str, dict[str, Manifest]] = {}
            for manifest in prerequisite.objects:
                objects.setdefault(manifest["kind"], {})[manifest["metadata"]["name"]] = manifest
            if "config-istio" in objects.get("ConfigMap", {}):
                yield scenario, environment, objects


MOVED = list(settings())


def test_some_gateways_are_elsewhere_than_in_the_release() -> None:
    assert MOVED


@pytest.mark.parametrize(("scenario", "environment", "objects"), MOVED)
def test_its_reader_takes_the_config_map(
    scenario: str, environment: str, objects: Mapping[str, Mapping[str, Manifest]]
) -> None:
    assert refusals(objects["ConfigMap"]["config-istio"]["data"]) == []


@pytest.mark.parametrize(
    ("reason", "data"),
    [
        ("missing service", {KEYS[0]: '[{"name": "g", "namespace": "n"}]'}),
        ("exactly one", {KEYS[0]: "[]"}),
        ("invalid gateway service", {KEYS[1]: VALID[KEYS[1]].replace("s.n.svc", "http://s")}),
        ("`gateways` is not read", {"gateways": "[]"}),
        ("`host` is not read", {KEYS[0]: VALID[KEYS[0]].replace('"name"', '"host"')}),
        ("simultaneously", {**VALID, "gateway.n.g": "s.n.svc"}),
    ],
)
def test_its_reader_notices_a_mistake(reason: str, data: dict[str, str]) -> None:
    assert any(reason in refusal for refusal in refusals(data))


@pytest.mark.parametrize(("scenario", "environment", "objects"), MOVED)
def test_the_gateways_and_services_are_there(
    scenario: str, environment: str, objects: Mapping[str, Mapping[str, Manifest]]
) -> None:
    """lister.go looks for the Gateway by its name; Envoy sends requests from inside to the Service."""
    data = objects["ConfigMap"]["config-istio"]["data"]
    named = {gateway["name"] for key in KEYS for gateway in gateways_of(data[key])}
    assert named == GATEWAYS
    (local,) = gateways_of(data["local-gateways"])
    name, namespace, *_ = local["service"].split(".")
    packages = lowered(scenario, environment).packages.values()
    (service,) = [
        resource.manifest
        for package in packages
        for resource in package.resources
        if (resource.kind, resource.name, resource.namespace) == ("Service", name, namespace)
    ]
    (port,) = service["spec"]["ports"]
    assert (port["port"], port["targetPort"]) == (80, LOCAL_PORT)
    assert service["metadata"]["labels"].items() >= UNTRANSLATED.items()


@pytest.mark.parametrize(("scenario", "environment", "objects"), MOVED)
def test_both_gateways_select_the_pods_of_the_service(
    scenario: str, environment: str, objects: Mapping[str, Mapping[str, Manifest]]
) -> None:
    """A patch that adds a label leaves those of the release, unless it removes them."""
    packages = lowered(scenario, environment).packages.values()
    (pods,) = [
        resource.manifest["spec"]["selector"]
        for package in packages
        for resource in package.resources
        if (resource.kind, resource.name) == ("Service", "knative-local-gateway")
    ]
    for name in GATEWAYS:
        patch = objects.get("Gateway", {}).get(name, {"spec": {"selector": {}}})
        selector = {**SELECTED, **patch["spec"]["selector"]}
        assert {key: value for key, value in selector.items() if value is not None} == pods
