"""The mesh: identities open what network policies open, and without Istio there is no trace of it."""

from __future__ import annotations

from collections import defaultdict

import pytest
from support.cluster import Template, environments, lowered, objects, templates
from support.custom_resources import as_resource
from support.diagnosing import HEADER, diagnosed
from support.reachability import selects
from support.scenarios import compiled
from test_network import bindings_by_pod, needs, network, pods

from compiler import pipeline
from compiler.derive.mesh import mesh_of
from compiler.derive.namespaces import platform_namespaces
from compiler.emit.manifests import manifests
from compiler.interfaces.istio import TUNNEL
from compiler.model.manifest import Manifest
from compiler.upstream.prerequisites import prerequisites

each_environment = pytest.mark.parametrize(("scenario", "environment"), environments())
STRICT = [
    environment
    for environment in environments()
    if (m := mesh_of(lowered(*environment))) and m.offer.strict
]
# Prefixes that Istio 1.30 reads a protocol from (pkg/config/protocol/instance.go).
PROTOCOLS = ("tcp", "udp", "grpc", "http", "http2", "https", "tls", "mongo", "redis", "mysql")


def policies(scenario: str, environment: str) -> dict[str, list[Manifest]]:
    actual: dict[str, list[Manifest]] = defaultdict(list)
    for manifest in objects(scenario, environment):
        if manifest["kind"] == "AuthorizationPolicy":
            actual[manifest["metadata"]["namespace"]].append(manifest["spec"])
    return actual


def admits(specs: list[Manifest], client: Template, server: Template) -> set[int]:
    """The ports that some policies let one pod call on another, by its account."""
    actual: set[int] = set()
    labels = {**as_resource(server.owner).pod_labels, **server.labels}
    for spec in specs:
        chosen = selects(spec.get("selector", {}), labels)
        for rule in spec.get("rules", ()) if chosen else ():
            if not rule.get("from") or any(
                _is(source_rule["source"], client) for source_rule in rule["from"]
            ):
                actual |= {int(port) for to in rule["to"] for port in to["operation"]["ports"]}
    return actual


def _is(source: Manifest, client: Template) -> bool:
    identity = f"cluster.local/ns/{client.namespace}/sa/{_account(client)}"
    is_principal = identity in source.get("principals", ())
    return is_principal or client.namespace in source.get("namespaces", ())


def _account(client: Template) -> str:
    return client.spec.get("serviceAccountName") or as_resource(client.owner).pod_account


def named(specs: list[Manifest]) -> set[int]:
    """Every port that some policies speak of."""
    rules = [rule for spec in specs for rule in spec.get("rules", ())]
    return {int(port) for rule in rules for to in rule["to"] for port in to["operation"]["ports"]}


def without_identity(specs: list[Manifest], server: Template) -> set[int]:
    """Ports that every caller may call: those of callers outside the mesh, known by address."""
    labels = {**as_resource(server.owner).pod_labels, **server.labels}
    return named(
        [
            {"rules": [rule for rule in spec["rules"] if not rule.get("from")]}
            for spec in specs
            if spec and selects(spec["selector"], labels)
        ]
    )


def shared(client: Template, templates_by_name: dict[str, Template]) -> bool:
    """Whether others run as the same ServiceAccount."""
    mine = (client.namespace, client.spec.get("serviceAccountName"))
    return [
        (template.namespace, template.spec.get("serviceAccountName"))
        for template in templates_by_name.values()
    ].count(mine) > 1


@pytest.mark.parametrize(("scenario", "environment"), STRICT)
def test_identities_open_what_addresses_open(scenario: str, environment: str) -> None:
    net, spaces = network(scenario, environment), policies(scenario, environment)
    templates_by_name = {template.name: template for template in templates(scenario, environment)}
    actual = {}
    for source in pods(scenario, environment):
        for target in pods(scenario, environment):
            if (
                source is target
                or source.name not in templates_by_name
                or target.name not in templates_by_name
            ):
                continue
            client, server = templates_by_name[source.name], templates_by_name[target.name]
            specs = spaces[server.namespace]
            allowed = admits(specs, client, server) - without_identity(specs, server)
            reached = {port for port in named(specs) if net.connects(source, target, port)}
            reached -= without_identity(specs, server)
            # A namespace's pods may share an account, which is all that an identity says.
            if not reached <= allowed or (
                allowed - reached and not shared(client, templates_by_name)
            ):
                actual[source.name, target.name] = (reached, allowed)
    assert actual == {}


@pytest.mark.parametrize(("scenario", "environment"), STRICT)
def test_an_identity_may_call_what_its_pods_are_bound_to(scenario: str, environment: str) -> None:
    """From the graph: no more and no less, for all accounts and pods, databases among them."""
    lowered_platform, spaces = lowered(scenario, environment), policies(scenario, environment)
    pods_by_name = {pod.name: pod for pod in pods(scenario, environment)}
    used = bindings_by_pod(lowered_platform, pods_by_name.values())
    meshed_templates = [
        template for template in templates(scenario, environment) if template.name in pods_by_name
    ]
    runs_as: dict[tuple[str, str], list[Template]] = defaultdict(list)
    for meshed_template in meshed_templates:
        runs_as[meshed_template.namespace, _account(meshed_template)].append(meshed_template)
    actual = {}
    for account, clients in runs_as.items():
        for server in meshed_templates:
            specs = spaces[server.namespace]
            anybody = without_identity(specs, server)
            allowed = admits(specs, clients[0], server) - anybody
            needed = {port for client in clients
                      for port in needs(lowered_platform, used, pods_by_name[client.name],
                                        pods_by_name[server.name])}  # fmt: skip
            if allowed != needed - anybody:
                actual[account, server.name] = (allowed, needed)
    assert actual == {}
    assert len(runs_as) > 1


@pytest.mark.parametrize(
    ("message", "source"),
    [
        ("", {"namespaces": ["mlops"]}),
        (", serviceAccount: hub", {"principals": ["cluster.local/ns/mlops/sa/hub"]}),
    ],
)
def test_pods_run_elsewhere_are_known_by_the_account_that_the_spec_names(
    message: str, source: Manifest
) -> None:
    text = (
        "apiVersion: platformc/v1alpha1\nkind: Platform\nmetadata: {name: one}\nspec:\n"
        "  components: {redis: {}, istio: {mtls: strict}}\n  workloads:\n"
        f"    notebooks: {{image: 'example.com/n:1', run: elsewhere, uses: [redis]{message}}}\n"
    )
    lowered_platform = pipeline.compile(text.encode(), "platform.yaml").lowered["default"]
    (policy,) = [resource.manifest["spec"] for resource in lowered_platform.packages["redis"].resources
                 if resource.kind == "AuthorizationPolicy" and resource.name == "redis-keys"]  # fmt: skip
    assert policy["rules"][0]["from"] == [{"source": source}]


@pytest.mark.parametrize(("scenario", "environment"), STRICT)
def test_every_namespace_refuses_by_default_and_asks_for_mutual_tls(
    scenario: str, environment: str
) -> None:
    expected = set(platform_namespaces(lowered(scenario, environment)))
    specs = policies(scenario, environment)
    assert {space for space, specs_of_space in specs.items() if {} in specs_of_space} == expected
    strict = {
        manifest["metadata"]["namespace"]
        for manifest in objects(scenario, environment)
        if manifest["kind"] == "PeerAuthentication"
        and manifest["metadata"]["name"] == "default"
        and manifest["spec"] == {"mtls": {"mode": "STRICT"}}
    }
    assert strict == expected


@pytest.mark.parametrize(("scenario", "environment"), STRICT)
def test_only_callers_without_an_identity_are_let_in_without_one(
    scenario: str, environment: str
) -> None:
    open = {
        (manifest["metadata"]["namespace"], port)
        for manifest in objects(scenario, environment)
        if manifest["kind"] == "PeerAuthentication"
        for port in manifest["spec"].get("portLevelMtls", {})
    }
    plain = {
        (package.namespace, str(port))
        for package in lowered(scenario, environment).packages.values()
        for call in package.ingress
        if not call.meshed
        for port in call.ports
    }
    assert open <= plain


@each_environment
def test_without_a_mesh_there_is_no_trace_of_one(scenario: str, environment: str) -> None:
    if mesh_of(lowered(scenario, environment)) is None:
        text = str(objects(scenario, environment))
        for trace in ("istio-injection", "sidecar.istio.io", "security.istio.io", str(TUNNEL)):
            assert trace not in text


@each_environment
def test_ports_say_their_protocol(scenario: str, environment: str) -> None:
    for manifest in objects(scenario, environment):
        if manifest["kind"] == "Service":
            for port in manifest["spec"]["ports"]:
                assert port["name"].partition("-")[0] in PROTOCOLS, manifest["metadata"]["name"]


def test_jobs_finish_beside_a_sidecar() -> None:
    jobs = [template for template in templates("istio-sidecar", "default")
            if template.owner["kind"] in ("Job", "CronJob")]  # fmt: skip
    assert jobs
    assert all(job.annotations["sidecar.istio.io/nativeSidecar"] == "true" for job in jobs)


def test_a_sidecar_reaches_its_control_plane_and_no_pod_its_own_ports() -> None:
    specs = {
        manifest["metadata"]["namespace"]: manifest["spec"]
        for manifest in objects("istio-sidecar", "default")
        if manifest["metadata"]["name"] == "allow-mesh"
    }
    assert set(specs) == {"databases", "mlops", "storage", "training"}
    for spec in specs.values():
        assert [port["port"] for port in spec["egress"][0]["ports"]] == [15012]
        assert "ingress" not in spec
        assert spec["policyTypes"] == ["Egress"]


def test_what_people_open_has_a_host() -> None:
    hosts = {
        host: manifest["spec"]["http"][-1]["route"][0]["destination"]
        for manifest in objects("istio-sidecar", "default")
        if manifest["kind"] == "VirtualService"
        for host in manifest["spec"]["hosts"]
    }
    assert {host: (to["host"], to["port"]["number"]) for host, to in hosts.items()} == {
        "lakefs.ml.example.internal": ("lakefs.mlops.svc.cluster.local", 8000),
        # Its own users are in the cluster; this one is for the laptops that DVC sends there.
        "seaweedfs.ml.example.internal": ("seaweedfs.storage.svc.cluster.local", 8333),
    }


def test_an_outside_service_is_an_entry_for_those_who_use_it() -> None:
    (entry,) = [manifest for manifest in objects("istio-sidecar", "default")
                if manifest["kind"] == "ServiceEntry"]  # fmt: skip
    assert entry["spec"]["hosts"] == ["redis.example.internal"]
    assert entry["spec"]["exportTo"] == ["training"]


def test_a_permissive_mesh_has_no_identities_to_ask_for() -> None:
    kinds = {manifest["kind"] for manifest in objects("istio-ambient", "dev")}
    assert "PeerAuthentication" in kinds
    assert "AuthorizationPolicy" not in kinds
    assert compiled("istio-ambient").lowered["dev"].platform.environment == "dev"


def meshed(components: str) -> list[Manifest]:
    """The objects of a platform in a strict mesh."""
    text = (
        "apiVersion: platformc/v1alpha1\nkind: Platform\nmetadata: {name: meshed}\n"
        f"spec:\n  components: {{istio: {{}}, {components}}}\n"
    )
    result = pipeline.compile(text.encode(), "platform.yaml")
    assert not result.report.failed, result.report.sorted()
    return manifests(result.lowered["default"])


def test_the_same_pods_have_one_policy_of_exceptions() -> None:
    """Istio heeds the oldest of several that select a pod, and forgets the others."""
    manifests = meshed("minio: {}, cloudnative-pg: {}, pgbouncer: {}, mlflow: {}, monitoring: {}")
    actual = [
        manifest["spec"] for manifest in manifests if manifest["kind"] == "PeerAuthentication"
    ]
    chosen = [str(spec["selector"]) for spec in actual if "selector" in spec]
    assert chosen
    assert len(set(chosen)) == len(chosen)
    (servers,) = [spec for spec in actual if "cnpg.io/cluster" in str(spec)]
    assert set(servers["portLevelMtls"]) == {"8000", "9187"}  # the operator's, the scraper's
    for kind, ports in (("Cluster", {"8000", "9187"}), ("Pooler", {"9127"})):
        (owner,) = [manifest for manifest in manifests if manifest["kind"] == kind]
        labels = as_resource(owner).pod_labels
        (spec,) = [spec for spec in actual if "selector" in spec
                   and spec["selector"]["matchLabels"].items() <= labels.items()]  # fmt: skip
        assert set(spec["portLevelMtls"]) == ports


def test_identities_do_not_depend_on_the_clusters_domain() -> None:
    """istiod's trust domain has a default of its own (istio-discovery/templates/configmap.yaml of 1.30.3)."""
    text = (
        "apiVersion: platformc/v1alpha1\nkind: Platform\nmetadata: {name: meshed}\nspec:\n"
        "  cluster: {domain: k8s.corp}\n  components: {istio: {}, minio: {}, postgres: {}, mlflow: {}}\n"
    )
    lowered_platform = pipeline.compile(text.encode(), "platform.yaml").lowered["default"]
    principals = [
        principal
        for manifest in manifests(lowered_platform)
        if manifest["kind"] == "AuthorizationPolicy"
        for rule in manifest["spec"].get("rules", ())
        for source in rule.get("from", ())
        for principal in source["source"].get("principals", ())
    ]
    assert principals
    assert all(principal.startswith("cluster.local/ns/") for principal in principals)
    (system,) = [
        system for system in prerequisites(lowered_platform.graph) if system.name == "istio"
    ]
    assert [command for command in system.how if "clusterDomain=k8s.corp" in command]


def test_a_scraper_of_a_port_that_clients_use_gets_its_path_and_no_more() -> None:
    (spec,) = [
        manifest["spec"]
        for manifest in meshed("minio: {}, monitoring: {}, postgres: {}, mlflow: {}")
        if manifest["metadata"]["name"] == "minio-server-from-monitoring"
        and manifest["kind"] == "AuthorizationPolicy"
    ]
    (rule,) = spec["rules"]
    assert rule["to"][0]["operation"]["paths"] == ["/minio/v2/metrics/cluster"]


@pytest.mark.parametrize(
    "label",
    [
        "sidecar.istio.io/inject", "istio.io/dataplane-mode", "security.istio.io/tlsMode", "istio-injection",
        "egress.platformc.dev/hugging-face", "uses.platformc.dev/a-b", "platformc.dev/x",
    ],
)  # fmt: skip
@pytest.mark.parametrize("section", ["workloads", "models", "components", "metadata"])
def test_no_label_takes_a_pod_out_of_the_mesh_or_opens_its_network(
    section: str, label: str
) -> None:
    labels = f'labels: {{{label}: "false"}}'
    name = "{name: example}" if section != "metadata" else f"{{name: example, {labels}}}"
    parts = {
        "workloads": f"  workloads: {{w: {{image: 'a/b:1', {labels}}}}}\n",
        "models": f"  models: {{m: {{format: sklearn, uri: 's3://abc/m', {labels}}}}}\n",
        "components": f"  components: {{redis: {{{labels}}}}}\n",
        "metadata": "  components: {redis: {}}\n",
    }
    text = (
        f"apiVersion: platformc/v1alpha1\nkind: Platform\nmetadata: {name}\nspec:\n{parts[section]}"
    )
    assert "invalid-label" in {diagnostic.code for diagnostic in diagnosed(text.encode())}


@pytest.mark.parametrize("label", ["app.kubernetes.io/name", "istio.io/gateway-name", "istio"])
def test_the_pods_of_a_gateway_have_any_labels(label: str) -> None:
    text = f"{HEADER}spec:\n  domain: a.example\n  components: {{ingress: {{pods: {{labels: {{{label}: a}}}}}}}}\n"
    assert "invalid-label" not in {diagnostic.code for diagnostic in diagnosed(text.encode())}


@pytest.mark.parametrize(
    ("mesh", "port", "codes"),
    [
        ("istio: {}, ", 15021, ["out-of-range"]),
        ("istio: {}, ", 15012, []),
        ("istio: {dataplane: ambient}, ", 15008, ["out-of-range"]),
        ("istio: {dataplane: ambient}, ", 15021, []),
        ("", 15021, []),
    ],
)
def test_no_server_listens_on_a_port_of_the_proxy_in_its_pod(
    mesh: str, port: int, codes: list[str]
) -> None:
    """Istio 1.30: istioReservedPorts of the agent; ztunnel listens in the network of each pod."""
    text = (
        f"{HEADER}spec:\n  components: {{{mesh}kserve: {{mode: standard}}}}\n  models:\n"
        f'    one: {{image: "registry.example.com/one:1", access: inside, port: {port}}}\n'
    )
    found = diagnosed(text.encode())
    assert [finding.code for finding in found if "port" in finding.path] == codes
