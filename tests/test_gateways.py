"""Gateways: each kind routes hosts to the same Services, and its pods alone are let in."""

from __future__ import annotations

import re
from typing import Any

import pytest
from support.cluster import lowered, objects_of
from support.paths import ROOT

from compiler import pipeline, registry
from compiler.interfaces import gateway
from compiler.model.manifest import Manifest
from compiler.model.package import Lowered
from compiler.upstream.prerequisites import prerequisites

HEAD = """apiVersion: platformc/v1alpha1
kind: Platform
metadata: {name: doors}
spec:
  domain: ml.example.internal
"""
LOGIN = "  login: {issuer: 'https://sso.example.internal', client: {id: ml}, groups: [users]}\n"
COLUMNS: tuple[gateway.Feature, ...] = ("split", "serverless")


def compiled(text: str) -> Lowered:
    result = pipeline.compile((HEAD + text).encode(), "platform.yaml")
    assert not result.report.failed, result.report.sorted()
    return result.lowered[None]


def of_kind(environment: Lowered, kind: str) -> dict[str, Manifest]:
    return {
        manifest["metadata"]["name"]: manifest
        for manifest in objects_of(environment)
        if manifest["kind"] == kind
    }


def admitted(environment: Lowered, policy: str) -> list[Manifest]:
    """The pods that a network policy lets in."""
    (rule,) = of_kind(environment, "NetworkPolicy")[policy]["spec"]["ingress"]
    peers: list[Manifest] = rule["from"]
    return peers


def carries(type: str) -> frozenset[gateway.Feature]:
    environment = compiled(f"  components: {{edge: {{type: {type}}}}}\n")
    (offer,) = [
        offer
        for slots in environment.graph.offers.values()
        for offer in slots.values()
        if isinstance(offer, gateway.Offer)
    ]
    return offer.carries


def test_the_page_about_hosts_says_what_each_gateway_carries() -> None:
    text = (ROOT / "docs/how-to/hosts.md").read_text().partition("## What each gateway carries")[2]
    rows = re.findall(r"^\| `([a-z-]+)` \|.*\| (yes|no) \| (yes|no) \|$", text, re.M)
    assert {type: cells for type, *cells in rows} == {
        type: ["yes" if feature in carries(type) else "no" for feature in COLUMNS]
        for type in registry.providers("gateway")
    }


def test_ingresses_lead_to_the_logins_and_to_the_buckets_of_the_spec() -> None:
    services: dict[str, set[tuple[str, str]]] = {}
    for ingress in of_kind(lowered("ingress", "k3s"), "Ingress").values():
        (rule,) = ingress["spec"]["rules"]
        for path in rule["http"]["paths"]:
            backend = (path["path"], path["backend"]["service"]["name"])
            services.setdefault(rule["host"], set()).add(backend)
    assert services == {
        "tracking.example.internal": {("/", "mlflow-login")},
        "minio-console.ml.example.internal": {("/", "minio-console-login")},
        "minio.ml.example.internal": {
            (path, "minio")
            for bucket in ("dvc-datasets", "lakefs", "mlflow")
            for path in ("/", f"/{bucket}", f"/{bucket}/")
        },
        "lakefs.ml.example.internal": {
            (path, "lakefs") for path in ("/", "/_pprof", "/_pprof/", "/metrics", "/metrics/")
        },
        "iris.ml.example.internal": {("/", "iris-predictor")},
    }


def test_an_ingress_without_hidden_paths_does_not_open_them() -> None:
    ingress = of_kind(lowered("ingress", "k3s"), "Ingress")["minio"]
    (rule,) = ingress["spec"]["rules"]
    types = {path["path"]: path["pathType"] for path in rule["http"]["paths"]}
    assert types["/"] == "Exact"
    prefixes = [path for path, type in types.items() if type == "Prefix"]
    assert prefixes
    assert all(path.endswith("/") for path in prefixes)


def test_an_ingress_of_its_own_refuses_the_private_paths_of_a_page() -> None:
    """lakeFS answers there without a login, with the memory of the server (lakeFS 1.84)."""
    nobody = "255.255.255.255/32"
    environment = lowered("ingress", "k3s")
    hidden = of_kind(environment, "Ingress")["lakefs-hidden"]
    annotations = hidden["metadata"]["annotations"]
    middleware = annotations["traefik.ingress.kubernetes.io/router.middlewares"]
    assert middleware == "mlops-lakefs-hidden@kubernetescrd"
    assert annotations["traefik.ingress.kubernetes.io/router.priority"] == "1000"
    refusal = of_kind(environment, "Middleware")["lakefs-hidden"]["spec"]
    assert refusal == {"ipAllowList": {"sourceRange": [nobody]}}
    for name in ("k3s", "prod"):
        (rule,) = of_kind(lowered("ingress", name), "Ingress")["lakefs-hidden"]["spec"]["rules"]
        paths = {path["path"]: path["pathType"] for path in rule["http"]["paths"]}
        # Of a repository with the name `metrics-of-training` the gateway must hide nothing.
        assert paths == {
            "/_pprof": "Exact", "/_pprof/": "Prefix", "/metrics": "Exact", "/metrics/": "Prefix",
        }  # fmt: skip
    of_nginx = of_kind(lowered("ingress", "prod"), "Ingress")["lakefs-hidden"]["metadata"]
    key = "nginx.ingress.kubernetes.io/whitelist-source-range"
    assert of_nginx["annotations"][key] == nobody


def test_traefik_sends_plain_requests_for_an_ingress_on_to_https() -> None:
    environment = lowered("ingress", "k3s")
    ingresses, middlewares = of_kind(environment, "Ingress"), of_kind(environment, "Middleware")
    prefix = "traefik.ingress.kubernetes.io/router."
    plain = {name for name, ingress in ingresses.items() if "tls" not in ingress["spec"]}
    hosts = {name for name in ingresses.keys() - plain if not name.endswith("-hidden")}
    assert plain == {f"{name}-to-https" for name in hosts}
    for name in plain:
        space = ingresses[name]["metadata"]["namespace"]
        annotations = ingresses[name]["metadata"]["annotations"]
        assert annotations[f"{prefix}entrypoints"] == "web"
        assert annotations[f"{prefix}middlewares"] == f"{space}-{name}@kubernetescrd"
        assert middlewares[name]["metadata"]["namespace"] == space
    for name in ingresses.keys() - plain:
        annotations = ingresses[name]["metadata"]["annotations"]
        assert annotations[f"{prefix}entrypoints"] == "websecure"
        assert annotations[f"{prefix}tls"] == "true"


def test_each_secret_of_an_ingress_is_of_a_certificate_in_its_namespace() -> None:
    environment = lowered("ingress", "k3s")
    certified = {
        (
            certificate["metadata"]["namespace"],
            certificate["spec"]["secretName"],
            *certificate["spec"]["dnsNames"],
        )
        for certificate in of_kind(environment, "Certificate").values()
    }
    needed = {
        (ingress["metadata"]["namespace"], tls["secretName"], *tls["hosts"])
        for ingress in of_kind(environment, "Ingress").values()
        for tls in ingress["spec"].get("tls", ())
    }
    assert certified == needed
    assert len(needed) == 5


ACME = "  tls: {issuer: {name: letsencrypt}}\n"
PAGES = "seaweedfs: {}, postgres: {}, mlflow: {}"


def solvers(environment: Lowered) -> dict[tuple[str, str], Manifest]:
    """The objects that select the pods of a challenge, by their kind and namespace."""
    label = {"acme.cert-manager.io/http01-solver": "true"}
    selects = {
        "NetworkPolicy": "podSelector",
        "AuthorizationPolicy": "selector",
        "PeerAuthentication": "selector",
    }
    return {
        (manifest["kind"], manifest["metadata"]["namespace"]): manifest["spec"]
        for manifest in objects_of(environment)
        if (manifest["spec"].get(selects.get(manifest["kind"], "")) if "spec" in manifest else None)
        == {"matchLabels": label}
    }


def test_the_controller_reaches_the_pods_of_a_challenge_beside_each_certificate() -> None:
    environment = lowered("ingress", "k3s")
    spaces = {
        manifest["metadata"]["namespace"]
        for manifest in of_kind(environment, "Certificate").values()
    }
    actual = solvers(environment)
    assert actual.keys() == {("NetworkPolicy", space) for space in spaces}
    (rule,) = actual["NetworkPolicy", "storage"]["ingress"]
    (peer,) = rule["from"]
    assert peer["namespaceSelector"]["matchLabels"] == {
        "kubernetes.io/metadata.name": "kube-system"
    }
    assert rule["ports"] == [{"protocol": "TCP", "port": 8089}]
    assert not solvers(lowered("ingress", "prod"))  # its certificate is the user's


def test_the_mesh_lets_a_controller_outside_it_reach_the_pods_of_a_challenge() -> None:
    istio = "istio: {dataplane: ambient}"
    environment = compiled(
        f"{ACME}{LOGIN}  components: {{{PAGES}, {istio}, edge: {{type: ingress}}}}\n"
    )
    actual = solvers(environment)
    assert actual.keys() == {
        (kind, "mlops") for kind in ("NetworkPolicy", "AuthorizationPolicy", "PeerAuthentication")
    }
    assert actual["PeerAuthentication", "mlops"]["portLevelMtls"] == {
        "8089": {"mode": "PERMISSIVE"}
    }
    assert actual["AuthorizationPolicy", "mlops"]["rules"] == [
        {"to": [{"operation": {"ports": ["8089"]}}]}
    ]


@pytest.mark.parametrize("edge", ["istio-gateway", "gateway-api"])
def test_a_certificate_in_the_gateways_namespace_needs_no_policy(edge: str) -> None:
    environment = compiled(f"{ACME}{LOGIN}  components: {{{PAGES}, edge: {{type: {edge}}}}}\n")
    assert of_kind(environment, "Certificate")
    assert not solvers(environment)


@pytest.mark.parametrize(
    ("scenario", "environment", "spaces"),
    [
        ("ingress", "prod", {"mlops", "serving", "storage"}),
        ("login", "prod", set()),  # its certificate is cert-manager's
    ],
)
def test_the_users_certificate_is_listed_where_hosts_need_it(
    scenario: str, environment: str, spaces: set[str]
) -> None:
    lowered_platform = lowered(scenario, environment)
    named = {
        manifest["metadata"]["namespace"]
        for manifest in of_kind(lowered_platform, "Ingress").values()
        for tls in manifest["spec"].get("tls", ())
        if tls["secretName"] == "ml-tls"
    }
    listed = [credential for credential in lowered_platform.granted if credential.name == "ml-tls"]
    assert named == spaces == {space for credential in listed for space in credential.namespaces}
    assert all(set(credential.keys) == {"tls.crt", "tls.key"} for credential in listed)


def test_the_users_certificate_of_a_gateway_is_in_its_namespace() -> None:
    spec = "  tls: {secret: ml-tls}\n  components: {edge: {type: %s}}\n"
    for type, space in (("istio-gateway", "istio-ingress"), ("gateway-api", "kube-system")):
        (credential,) = compiled(spec % type).granted
        assert (credential.name, credential.namespaces) == ("ml-tls", (space,))


@pytest.mark.parametrize(
    ("field", "code"),
    [
        (f"domain: {'a' * 64}.example", "invalid-host"),
        ("domain: ml.123", "invalid-host"),
        ("domain: 10.0.0.5", "invalid-host"),
        (f"domain: {'a.' * 94}ab", "invalid-host"),
        ("domain: 10.0.0.5.nip.io", None),
        ("components: {mlflow: {publicHost: 10.0.0.5}}", "invalid-host"),
        ("components: {external-postgres: {host: db.123, cidrs: [10.0.0.0/8]}}", "invalid-host"),
        ("components: {external-postgres: {host: 10.0.0.5, cidrs: [10.0.0.5/32]}}", None),
    ],
)
def test_a_host_is_a_name_that_the_webhook_of_istio_takes(field: str, code: str | None) -> None:
    """1.30, ValidateDNS1123Labels: labels of 63 characters, and no number at the end."""
    text = HEAD.replace("  domain: ml.example.internal\n", "")
    report = pipeline.compile(f"{text}  {field}\n".encode(), "platform.yaml").report
    codes = {finding.code for finding in report.sorted()}
    assert codes & {"invalid-host"} == ({code} if code else set())


@pytest.mark.parametrize("type", ["istio-gateway", "gateway-api, class: traefik"])
@pytest.mark.parametrize(("length", "codes"), [(22, []), (23, ["invalid-name"])])
def test_the_name_of_a_gateway_is_a_label(type: str, length: int, codes: list[str]) -> None:
    """Istio 1.30 refuses a longer one (ValidateGateway), and pods of others have it as a label's value."""
    head = HEAD.replace("doors", "d" * 40)
    text = f"{head}  tls: {{secret: ml}}\n  components: {{{'g' * length}: {{type: {type}}}}}\n"
    report = pipeline.compile(text.encode(), "platform.yaml").report
    assert [finding.code for finding in report.sorted()] == codes


@pytest.mark.parametrize(
    ("ports", "codes"),
    [
        ("httpPort: 8443", ["invalid-value"]),
        ("httpPort: 443, class: envoy", ["invalid-value"]),
        ("httpsPort: 8000", ["invalid-value"]),
        ("httpPort: 443", []),
    ],
)
def test_a_port_of_a_gateway_has_one_protocol(ports: str, codes: list[str]) -> None:
    """Gateway API 1.6, gateway_types.go: such listeners conflict, and no controller may choose one of them."""
    text = f"{HEAD}  tls: {{secret: ml}}\n  components: {{gateway-api: {{{ports}}}}}\n"
    report = pipeline.compile(text.encode(), "platform.yaml").report
    assert [finding.code for finding in report.sorted()] == codes
    plain = pipeline.compile(text.replace("  tls: {secret: ml}\n", "").encode(), "platform.yaml")
    assert not plain.report.failed  # there is no listener for HTTPS


def test_http_routes_hang_on_a_listener_for_their_host_that_lets_their_namespace_in() -> None:
    for environment in ("k3s", "prod"):
        lowered_platform = lowered("gateway-api", environment)
        (entrance,) = of_kind(lowered_platform, "Gateway").values()
        listeners = {listener["name"]: listener for listener in entrance["spec"]["listeners"]}
        routes = [
            route
            for route in of_kind(lowered_platform, "HTTPRoute").values()
            if "hostnames" in route["spec"]
        ]
        assert len(routes) == 4
        for route in routes:
            (parent,) = route["spec"]["parentRefs"]
            (host,) = route["spec"]["hostnames"]
            listener = listeners[parent["sectionName"]]
            assert host.endswith(listener["hostname"].removeprefix("*"))
            (names,) = listener["allowedRoutes"]["namespaces"]["selector"]["matchExpressions"]
            assert route["metadata"]["namespace"] in names["values"]
            assert listener["protocol"] == ("HTTPS" if environment == "prod" else "HTTP")


def test_with_a_certificate_plain_listeners_take_the_redirect_alone() -> None:
    lowered_platform = lowered("gateway-api", "prod")
    (entrance,) = of_kind(lowered_platform, "Gateway").values()
    plain = [
        listener for listener in entrance["spec"]["listeners"] if listener["protocol"] == "HTTP"
    ]
    redirect = of_kind(lowered_platform, "HTTPRoute")["doors-edge-to-https"]
    assert redirect["metadata"]["namespace"] == entrance["metadata"]["namespace"]
    sections = {parent["sectionName"] for parent in redirect["spec"]["parentRefs"]}
    assert sections == {listener["name"] for listener in plain}
    for listener in plain:
        assert listener["allowedRoutes"] == {"namespaces": {"from": "Same"}}


def test_hidden_paths_of_an_http_route_have_no_service() -> None:
    hidden, routed = of_kind(lowered("gateway-api", "prod"), "HTTPRoute")["minio"]["spec"]["rules"]
    assert [match["path"]["value"] for match in hidden["matches"]] == ["/minio"]
    assert "backendRefs" not in hidden
    assert [backend["name"] for backend in routed["backendRefs"]] == ["minio"]


def test_istio_hides_a_path_and_what_lies_below_it() -> None:
    """Its prefixes are those of texts: `/metrics` would be one of `/metrics-of-training`."""
    hidden, _ = of_kind(lowered("istio-sidecar", "default"), "VirtualService")["lakefs"]["spec"][
        "http"
    ]
    assert hidden["directResponse"] == {"status": 404}
    assert [match["uri"] for match in hidden["match"]] == [
        {"exact": "/_pprof"}, {"prefix": "/_pprof/"}, {"exact": "/metrics"}, {"prefix": "/metrics/"},
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("scenario", "environment", "peer"),
    [
        ("ingress", "k3s", ("kube-system", {"app.kubernetes.io/name": "traefik"})),
        ("ingress", "prod", ("ingress-nginx", {"app.kubernetes.io/name": "ingress-nginx"})),
        ("gateway-api", "k3s", ("kube-system", {"app.kubernetes.io/name": "traefik"})),
        (
            "gateway-api", "prod",
            ("envoy-gateway-system", {"gateway.networking.k8s.io/gateway-name": "doors-edge"}),
        ),
    ],
)  # fmt: skip
def test_the_controllers_pods_alone_reach_what_has_a_host(
    scenario: str, environment: str, peer: tuple[str, dict[str, str]]
) -> None:
    lowered_platform = lowered(scenario, environment)
    space, labels = peer
    expected = {
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": space}},
        "podSelector": {"matchLabels": labels},
    }
    servers = ("mlflow-login-server", "minio-console-login-server", "minio-server")
    for server in (*servers, "models-serving-model"):
        assert admitted(lowered_platform, f"{server}-from-gateway") == [expected]
    assert "mlflow-server-from-gateway" not in of_kind(lowered_platform, "NetworkPolicy")


def test_a_gateway_outside_the_mesh_meets_plain_text_on_the_ports_behind_hosts_alone() -> None:
    environment = lowered("ingress", "prod")
    plain = {
        name: policy["spec"]["portLevelMtls"]
        for name, policy in of_kind(environment, "PeerAuthentication").items()
        if "portLevelMtls" in policy["spec"]
    }
    permissive = {"mode": "PERMISSIVE"}
    assert plain == {
        "mlflow-login-server": {"4180": permissive},
        "minio-console-login-server": {"4180": permissive},
        "lakefs-server": {"8000": permissive},
        "minio-server": {"9000": permissive},
        "models-serving-model": {"8080": permissive},
    }


def test_a_gateway_in_the_mesh_is_let_in_by_its_account() -> None:
    edge = "{type: ingress, pods: {serviceAccount: traefik}}"
    components = f"{{seaweedfs: {{}}, postgres: {{}}, mlflow: {{}}, istio: {{}}, edge: {edge}}}"
    environment = compiled(f"{LOGIN}  components: {components}\n")
    policy = of_kind(environment, "AuthorizationPolicy")["mlflow-login-server-from-gateway"]
    (source,) = policy["spec"]["rules"][0]["from"]
    assert source == {"source": {"principals": ["cluster.local/ns/kube-system/sa/traefik"]}}
    assert "mlflow-login-server" not in of_kind(environment, "PeerAuthentication")


@pytest.mark.parametrize("edge", ["ingress", "gateway-api", "istio-gateway"])
def test_istio_is_the_gateway_where_no_other_instance_is(edge: str) -> None:
    without_gateway = "{seaweedfs: {}, postgres: {}, mlflow: {}, istio: {}}"
    for components, expected in (
        (without_gateway, ["istio"]),
        (without_gateway[:-1] + f", {edge}: {{}}}}", [edge]),
    ):
        environment = compiled(f"{LOGIN}  components: {components}\n")
        offering = [
            name
            for name, slots in environment.graph.offers.items()
            if any(isinstance(offer, gateway.Offer) for offer in slots.values())
        ]
        assert offering == expected
        entrances = {
            manifest["metadata"]["namespace"]
            for manifest in objects_of(environment)
            if manifest["apiVersion"] == "networking.istio.io/v1" and manifest["kind"] == "Gateway"
        }
        assert ("istio-system" in entrances) == (expected == ["istio"])
        charts = _charts(environment)
        assert ("istio-ingressgateway istio/gateway" in charts) == (edge == "istio-gateway"
                                                                   or expected == ["istio"])  # fmt: skip


def _charts(environment: Lowered) -> str:
    return "\n".join(line for system in prerequisites(environment.graph) for line in system.how)


def test_everything_follows_the_namespace_and_the_labels_of_istios_gateway() -> None:
    environment = lowered("istio-gateway", "prod")
    account = "cluster.local/ns/istio-ingress/sa/door"
    allowed = of_kind(environment, "AuthorizationPolicy")["models-mlops-model-from-gateway"]
    assert allowed["spec"]["rules"][0]["from"] == [{"source": {"principals": [account]}}]
    (peer,) = admitted(environment, "models-mlops-model-from-gateway")
    assert peer["podSelector"]["matchLabels"] == {"company.example/door": "main"}
    route = of_kind(environment, "VirtualService")["iris-edge"]["spec"]
    assert route["gateways"] == ["istio-ingress/doors-istio-gateway"]
    (destination,) = [target["destination"]["host"] for target in route["http"][0]["route"]]
    assert destination == "knative-local-gateway.istio-ingress.svc.cluster.local"
    local = of_kind(environment, "Service")["knative-local-gateway"]
    assert local["metadata"]["namespace"] == "istio-ingress"
    assert local["spec"]["selector"] == {"company.example/door": "main"}
    patched: dict[str, Any] = {
        manifest["metadata"]["name"]: manifest
        for prerequisite in prerequisites(environment.graph)
        for manifest in prerequisite.objects
    }
    assert "door.istio-ingress.svc" in patched["config-istio"]["data"]["external-gateways"]
    for name in ("knative-ingress-gateway", "knative-local-gateway"):
        selector = patched[name]["spec"]["selector"]
        assert selector == {"company.example/door": "main", "istio": None}


def test_without_istio_nothing_of_it_is_written() -> None:
    text = "\n".join(str(manifest) for manifest in objects_of(lowered("ingress", "k3s")))
    assert "istio" not in text


MODELS = (
    "  components:\n    edge: {EDGE}\n    seaweedfs: {}\n    kserve: {mode: standard}\n"
    "  models:\n    slow: {format: sklearn, uri: s3://models/slow, access: ACCESS, timeout: 30m}\n"
    "    plain: {format: sklearn, uri: s3://models/plain, access: ACCESS}\n"
)


def served(edge: str, access: str = "public") -> Lowered:
    login = LOGIN if access == "login" else ""
    return compiled(login + MODELS.replace("EDGE", edge).replace("ACCESS", access))


@pytest.mark.parametrize("access", ["public", "login"])
def test_a_gateway_of_envoys_waits_as_long_as_a_model_may_take(access: str) -> None:
    """Without the field, Envoy Gateway and Contour end each request after 15 seconds."""
    routes = of_kind(served("type: gateway-api, class: eg", access), "HTTPRoute").values()
    by_host = {
        route["spec"]["hostnames"][0].partition(".")[0]: route["spec"]["rules"][-1]["timeouts"]
        for route in routes
        if "hostnames" in route["spec"]
    }
    slow = by_host.pop("slow")
    assert slow == {"request": "1800s"}
    assert by_host
    assert all(timeouts == {"request": "0s"} for timeouts in by_host.values())


def test_nginx_waits_as_long_as_a_model_may_take() -> None:
    environment = served("type: ingress, class: nginx, controller: nginx")
    waits = {
        name.removesuffix("-edge"): ingress["metadata"]["annotations"][
            "nginx.ingress.kubernetes.io/proxy-read-timeout"
        ]
        for name, ingress in of_kind(environment, "Ingress").items()
    }
    assert (waits["slow"], waits["plain"]) == ("1800", "600")


def test_the_login_before_a_model_waits_as_long_as_the_model_may_take() -> None:
    environment = served("type: ingress", "login")
    waits = {
        name: flag
        for name, deployment in of_kind(environment, "Deployment").items()
        for flag in deployment["spec"]["template"]["spec"]["containers"][0].get("args", ())
        if flag.startswith("--upstream-timeout=")
    }
    assert {name: flag for name, flag in waits.items() if "slow" in name}.popitem()[1].endswith(
        "=1800s"
    )
    assert {name: flag for name, flag in waits.items() if "plain" in name}.popitem()[1].endswith(
        "=10m"
    )


@pytest.mark.parametrize(
    ("edge", "systems"),
    [
        ("{type: ingress}", ["Traefik with its own CRDs (`traefik.io`), for the IngressClass `traefik`"]),
        ("{type: ingress, class: nginx, controller: nginx}", ["ingress-nginx, for the IngressClass `nginx`"]),
        ("{type: gateway-api}", ["The Gateway API", "a controller with the GatewayClass `traefik`"]),
    ],
)  # fmt: skip
def test_a_gateway_asks_for_its_controller_and_for_the_signer_of_its_certificates(
    edge: str, systems: list[str]
) -> None:
    environment = compiled(
        "  tls: {issuer: {name: internal-ca}}\n"
        f"  components: {{seaweedfs: {{}}, postgres: {{}}, mlflow: {{}}, edge: {edge}}}\n"
    )
    (needed,) = prerequisites(environment.graph)
    signer = "cert-manager with the ClusterIssuer `internal-ca`"
    assert sorted([needed.system, *needed.besides]) == sorted([*systems, signer])
    assert needed.namespaces == ("kube-system",)
