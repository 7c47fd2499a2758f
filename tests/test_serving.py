"""Models as they are served: scale, credentials, routes, and the settings of Knative and KServe."""

from __future__ import annotations

import json
from typing import Any

import pytest
from support.cluster import objects, objects_of
from support.diagnosing import diagnosed
from support.scenarios import compiled

from compiler import pipeline
from compiler.components import knative, kserve
from compiler.diagnostics import Severity
from compiler.interfaces import s3
from compiler.model import Manifest, Prerequisite

SERVERLESS = "{istio: {}, knative: {}, kserve: {}, seaweedfs: {storage: 200Gi}}"
STANDARD = "{kserve: {mode: standard}, seaweedfs: {storage: 200Gi}}"


def compiled_model(model: str, components: str = SERVERLESS) -> pipeline.Compilation:
    """A platform with one model."""
    text = (
        "apiVersion: platformc/v1alpha1\nkind: Platform\nmetadata: {name: one}\n"
        f'spec:\n  components: {components}\n  models: {{one: {{uri: "s3://models/one", {model}}}}}\n'
    )
    return pipeline.compile(text.encode(), "platform.yaml")


def inference_service(model: str, components: str = SERVERLESS) -> Manifest:
    """The InferenceService of one model."""
    result = compiled_model(model, components)
    assert not result.report.failed, result.report.sorted()
    return result.lowered["default"].models["one"].resources[0].manifest


def predictor(model: str, components: str = SERVERLESS) -> dict[str, Any]:
    """The predictor of one model."""
    actual: dict[str, Any] = inference_service(model, components)["spec"]["predictor"]
    return actual


@pytest.mark.parametrize(
    ("model", "components", "replicas"),
    [
        ("format: sklearn", SERVERLESS, 0),
        ("format: sklearn", STANDARD, 1),
        ("format: sklearn, size: 2047Mi", SERVERLESS, 0),
        ("format: sklearn, size: 2Gi", SERVERLESS, 1),
        ("format: onnx, gpu: 1", SERVERLESS, 1),
        ("format: vllm", SERVERLESS, 1),
        ("format: huggingface", SERVERLESS, 1),
        ("format: vllm, minReplicas: 3", SERVERLESS, 3),
        ("format: pytorch, resources: {limits: {memory: 8Gi}}", SERVERLESS, 1),
        ("format: sklearn, resources: {requests: {memory: 3Gi}}", SERVERLESS, 1),
        ("format: sklearn, resources: {limits: {memory: 2Gi}}", SERVERLESS, 0),
        ("format: sklearn, size: 100Mi, resources: {limits: {memory: 8Gi}}", SERVERLESS, 0),
        ("format: pytorch", SERVERLESS, 0),
    ],
)
def test_a_heavy_model_keeps_a_replica(model: str, components: str, replicas: int) -> None:
    assert predictor(model, components)["minReplicas"] == replicas


@pytest.mark.parametrize(
    "format", ["pytorch", "tensorflow", "onnx", "tensorrt", "triton", "paddle"]
)
@pytest.mark.parametrize(
    ("fields", "components", "expected"),
    [
        ("", SERVERLESS, {"unknown-size"}),
        ("minReplicas: 0", SERVERLESS, {"unknown-size"}),
        ("minReplicas: 1", SERVERLESS, set()),
        ("", STANDARD, set()),
        ("size: 200Mi", SERVERLESS, set()),
        ("size: 8Gi", SERVERLESS, set()),
        ("size: 8Gi, minReplicas: 0", SERVERLESS, {"cold-start"}),
        ("resources: {limits: {memory: 1Gi}}", SERVERLESS, set()),
        ("resources: {limits: {memory: 8Gi}}", SERVERLESS, {"unknown-size"}),
        (
            "resources: {limits: {memory: 8Gi}}, minReplicas: 0",
            SERVERLESS,
            {"unknown-size", "cold-start"},
        ),
    ],
)
def test_a_network_that_may_be_heavy_does_not_scale_to_zero_without_a_word(
    format: str, fields: str, components: str, expected: set[str]
) -> None:
    report = compiled_model(f"format: {format}{fields and ', '}{fields}", components).report
    codes = {diagnostic.code for diagnostic in report.sorted()}
    assert codes & {"unknown-size", "cold-start"} == expected


def test_a_gpu_and_room_for_the_model_are_asked_for() -> None:
    resources = predictor("format: onnx, gpu: 2, size: 6Gi")["model"]["resources"]
    for side in ("requests", "limits"):
        assert resources[side]["nvidia.com/gpu"] == "2"
        assert resources[side]["memory"] == "7Gi"
        assert resources[side]["ephemeral-storage"] == "7Gi"


@pytest.mark.parametrize(
    ("format", "runtime", "protocol"),
    [
        ("mlflow", "kserve-mlserver", "v2"),
        ("onnx", "kserve-tritonserver", "v2"),
        ("xgboost", "kserve-xgbserver", "v1"),
        ("vllm", "kserve-vllmserver", None),
    ],
)
def test_a_format_has_its_runtime(format: str, runtime: str, protocol: str | None) -> None:
    model = predictor(f"format: {format}")["model"]
    assert (model["runtime"], model.get("protocolVersion")) == (runtime, protocol)


@pytest.mark.parametrize(
    ("formats", "chosen", "expected"),
    [
        ("vllm", "", ("vllm", "company")),
        ("vllm", ", runtime: company", ("vllm", "company")),
        ("VLLM", "", ("VLLM", "company")),
        ("vllm", ", runtime: kserve-vllmserver", ("vLLM", "kserve-vllmserver")),
        ("other", "", ("vLLM", "kserve-vllmserver")),
    ],
)
def test_a_format_is_spelled_as_its_runtime_spells_it(
    formats: str, chosen: str, expected: tuple[str, str]
) -> None:
    """KServe compares the letters as they are (predictor_model.go, RuntimeSupportsModel)."""
    components = STANDARD.replace("standard", f"standard, runtimes: {{company: [{formats}]}}")
    model = predictor(f"format: vllm, size: 1Gi{chosen}", components)["model"]
    assert (model["modelFormat"]["name"], model["runtime"]) == expected


def test_a_namespace_has_one_key_which_only_reads() -> None:
    result = compiled("kserve-serverless")
    claims = {
        binding.consumer.name: binding.claim
        for binding in result.graphs["prod"].bindings
        if binding.requires.slot == "store" and isinstance(binding.claim, s3.Claim)
    }
    assert set(claims) == {"models-mlops", "models-vision"}
    assert all(claim.read_only for claim in claims.values())
    assert claims["models-mlops"].buckets == ("language", "models")
    keys = {credential.name: credential for credential in result.lowered["prod"].credentials}
    mark = "serving.kserve.io/s3-"
    assert keys["models-mlops-store"].annotations == {
        f"{mark}endpoint": "seaweedfs.storage.svc.cluster.local:8333",
        f"{mark}region": "us-east-1",
        f"{mark}usehttps": "0",
        f"{mark}usevirtualbucket": "0",
        f"{mark}verifyssl": "0",
    }


def test_kserve_finds_the_key_by_the_account_of_every_model() -> None:
    manifests = objects("kserve-serverless", "prod")
    lent = {
        (manifest["metadata"]["namespace"], manifest["metadata"]["name"]): manifest.get("secrets")
        for manifest in manifests
        if manifest["kind"] == "ServiceAccount"
    }
    for manifest in manifests:
        if manifest["kind"] == "InferenceService":
            account = manifest["spec"]["predictor"]["serviceAccountName"]
            assert lent[manifest["metadata"]["namespace"], account] == [
                {"name": f"{account}-store"}
            ]


def test_each_model_of_the_hub_is_fetched_with_its_token() -> None:
    text = """apiVersion: platformc/v1alpha1
kind: Platform
metadata: {name: hub}
spec:
  components: {seaweedfs: {}, kserve: {mode: standard}}
  models:
    llama: {format: huggingface, uri: "hf://meta-llama/Llama-3.1-8B", env: {HF_TOKEN: {secret: meta, key: HF_TOKEN}}}
    gemma: {format: huggingface, uri: "hf://google/gemma-3-4b", env: {HF_TOKEN: {secret: google, key: HF_TOKEN}}}
    bert: {format: huggingface, uri: "hf://google-bert/bert-base"}
    iris: {format: sklearn, uri: "s3://models/iris"}
"""
    lowered = pipeline.compile(text.encode(), "platform.yaml").lowered["default"]
    mark = "serving.kserve.io/storageSecretName"
    secrets = {
        name: package.resources[0].manifest["metadata"]["annotations"].get(mark)
        for name, package in lowered.models.items()
    }
    assert secrets == {"llama": "meta", "gemma": "google", "bert": None, "iris": None}
    (account,) = (
        resource.manifest
        for resource in lowered.packages["models-mlops"].resources
        if resource.manifest["kind"] == "ServiceAccount"
    )
    assert account["secrets"] == [{"name": "models-mlops-store"}]


def test_the_edge_speaks_to_the_local_gateway_as_the_predictor() -> None:
    (route,) = [
        manifest["spec"]
        for manifest in objects("kserve-serverless", "prod")
        if manifest["metadata"]["name"] == "fraud-detection-edge"
    ]
    (rule,) = route["http"]
    assert route["gateways"] == ["istio-system/serverless"]
    assert route["hosts"] == ["fraud-detection.ml.example.internal"]
    assert rule["rewrite"] == {"authority": "fraud-detection-predictor.mlops.svc.cluster.local"}
    to = rule["route"][0]["destination"]["host"]
    assert to == "knative-local-gateway.istio-system.svc.cluster.local"


def test_knative_gives_a_model_no_host_of_its_own_outside() -> None:
    def visibilities(scenario: str) -> set[str | None]:
        return {
            manifest["metadata"]["labels"].get("networking.knative.dev/visibility")
            for manifest in objects(scenario, compiled(scenario).environments[0])
            if manifest["kind"] == "InferenceService"
        }

    assert visibilities("kserve-serverless") == {"cluster-local"}
    assert visibilities("kserve-standard") == {None}


@pytest.mark.parametrize(
    ("uri", "patch", "annotated", "components", "codes"),
    [
        ("s3://models/one", False, False, STANDARD, {"serving-mode"}),
        ("s3://models/one", True, True, STANDARD, {"serving-mode"}),
        ("pvc://weights/one", False, False, STANDARD, {"serving-mode"}),
        ("pvc://weights/one", True, False, STANDARD, {"serving-mode"}),
        ("pvc://weights/one", True, True, STANDARD, set()),
        ("pvc://weights/one", True, True, SERVERLESS, {"serving-mode"}),
    ],
)
def test_a_server_on_several_nodes_has_its_further_pods(
    uri: str, patch: bool, annotated: bool, components: str, codes: set[str]
) -> None:
    """KServe 0.20: the server waits for two nodes (kserve-huggingfaceserver-multinode.yaml), and the webhook asks
    for a claim and for no autoscaler (validateMultiNodeVariables).
    """
    at = "/metadata/annotations/serving.kserve.io~1autoscalerClass"
    annotation = f", {{op: add, path: {at}, value: none}}" if annotated else ""
    workers = (
        "patches: [{target: {kind: InferenceService, name: one}, operations: [{op: add, "
        f"path: /spec/predictor/workerSpec, value: {{pipelineParallelSize: 2}}}}{annotation}]}}]"
    )
    runtime = "runtime: kserve-huggingfaceserver-multinode, size: 1Gi, access: inside"
    model = f'uri: "{uri}", format: huggingface, {runtime}{", " + workers if patch else ""}'
    text = (
        "apiVersion: platformc/v1alpha1\nkind: Platform\nmetadata: {name: one}\n"
        f"spec:\n  components: {components}\n  models: {{one: {{{model}}}}}\n"
    )
    report = pipeline.compile(text.encode(), "platform.yaml").report
    assert {finding.code for finding in report.sorted()} & {"serving-mode"} == codes


@pytest.mark.parametrize(
    ("field", "code"),
    [
        ("maxReplicas: 2147483648", "out-of-range"),
        ("minReplicas: 9999999999", "out-of-range"),
        ("concurrency: 2147483648", "out-of-range"),
        ("scaling: {target: 2147483648}", "out-of-range"),
        ("timeout: 4167d", "out-of-range"),
        ("timeout: 999999d", "invalid-duration"),
        ("gpu: 9223372036854775808", "out-of-range"),
        ("size: 8Ei", "invalid-quantity"),
        ("maxReplicas: 2147483647, timeout: 4166d, concurrency: 2147483647", None),
    ],
)
def test_a_number_fits_the_field_of_upstream_that_it_is_for(field: str, code: str | None) -> None:
    """KServe 0.20 (component.go), Knative 1.21 (breaker.go) and the Gateway API (shared_types.go)."""
    found = compiled_model(f"format: sklearn, {field}").report.sorted()
    errors = {finding.code for finding in found if finding.severity is Severity.ERROR}
    assert errors - {"volume-size"} == ({code} if code else set())


@pytest.mark.parametrize(
    ("timeout", "written"),
    [("99999s", "99999s"), ("100000s", "1667m"), ("70d", "1680h"), ("4166d", "99984h")],
)
def test_a_route_has_the_timeout_of_the_model_as_the_gateway_api_reads_it(
    timeout: str, written: str
) -> None:
    """A number of its durations has at most five digits (1.6, shared_types.go)."""
    components = "{gateway-api: {class: traefik}, kserve: {mode: standard}, seaweedfs: {}}"
    result = compiled_model(f"format: sklearn, access: public, timeout: {timeout}", components)
    routes = (
        thing for thing in objects_of(result.lowered["default"]) if thing["kind"] == "HTTPRoute"
    )
    rules = [rule for route in routes for rule in route["spec"]["rules"]]
    assert [rule["timeouts"]["request"] for rule in rules if "timeouts" in rule] == [written]


@pytest.mark.parametrize(
    ("model", "components", "grace"),
    [
        ("format: sklearn, timeout: 5m", STANDARD, 300),
        ("format: sklearn, timeout: 20s", STANDARD, None),
        ("format: sklearn", STANDARD, None),
        ("format: sklearn, timeout: 5m", SERVERLESS, None),
    ],
)
def test_a_pod_ends_after_the_longest_request_that_it_works_on(
    model: str, components: str, grace: int | None
) -> None:
    """KServe 0.20 keeps 30 s (setDefaultPodSpec); Knative 1.21 takes the timeout itself (deploy.go)."""
    transformer = 'transformer: {image: "registry.example.com/features:1"}'
    service = inference_service(f"{model}, {transformer}", components)
    for component in ("predictor", "transformer"):
        assert service["spec"][component].get("terminationGracePeriodSeconds") == grace


OWN = 'image: "registry.example.com/one:1", access: inside'


@pytest.mark.parametrize(
    ("model", "key"),
    [
        ("format: sklearn, args: [--http_port=9000]", "args"),
        ("format: sklearn, args: [--http_port, '9000']", "args"),
        ("format: sklearn, args: [--http_port=9000, --http_port=8080]", None),
        ("format: sklearn, args: [--workers=2]", None),
        ("format: tensorflow, args: [--rest_api_port=8501]", "args"),
        ("format: tensorflow, args: [--port=8500]", None),
        ("format: onnx, args: [--http-port=8000]", "args"),
        ("format: vllm, size: 1Gi, args: [--port=8000]", "args"),
        ("format: mlflow, env: {MLSERVER_HTTP_PORT: '9000'}", "MLSERVER_HTTP_PORT"),
        ("format: sklearn, env: {MLSERVER_HTTP_PORT: '9000'}", None),
        (f"{OWN}, args: [--http_port=9000]", "args"),
        (f"{OWN}, port: 9000, args: [--http_port=9000]", None),
        (f"{OWN}, command: [serve, --http_port=9000]", "command"),
        (f"{OWN}, port: 9000, env: {{MLSERVER_HTTP_PORT: '8080'}}", "MLSERVER_HTTP_PORT"),
        (
            'format: sklearn, transformer: {image: "r.example/t:1", args: [--http_port=9000]}',
            "args",
        ),
    ],
)
def test_a_server_listens_on_the_port_to_which_requests_go(model: str, key: str | None) -> None:
    """KServe 0.20, config/runtimes: the last argument counts, and requests go to 8080 all the same."""
    uri = "" if "one:1" in model else 'uri: "s3://models/one", '
    text = (
        "apiVersion: platformc/v1alpha1\nkind: Platform\nmetadata: {name: one}\n"
        f"spec:\n  components: {STANDARD}\n  models: {{one: {{{uri}{model}}}}}\n"
    )
    found = pipeline.compile(text.encode(), "platform.yaml").report.sorted()
    keys = [finding.path[-1] for finding in found if finding.code == "invalid-value"]
    assert keys == ([key] if key else [])


def test_a_model_that_stays_inside_has_no_host() -> None:
    routes = [
        manifest
        for manifest in objects("model-fields", "dev")
        if manifest["kind"] == "VirtualService"
    ]
    assert [host for route in routes for host in route["spec"]["hosts"]] == ["iris.platform.local"]


def test_seldon_splits_the_requests_of_no_model_that_stays_inside() -> None:
    text = """apiVersion: platformc/v1alpha1
kind: Platform
metadata: {name: inside}
spec:
  components: {seaweedfs: {}, istio: {}, seldon: {}}
  models:
    churn:
      {format: sklearn, uri: "s3://models/churn", access: inside, canary: {percent: 10, previous: "s3://models/old"}}
"""
    actual = pipeline.compile(text.encode(), "platform.yaml").report.sorted()
    assert "serving-mode" in {diagnostic.code for diagnostic in actual}


def test_seldon_splits_between_versions_that_are_both_there() -> None:
    (route,) = [
        manifest["spec"]["http"][0]["route"]
        for manifest in objects("seldon", "default")
        if manifest["metadata"]["name"] == "fraud-detection-edge"
    ]
    shares = {
        destination["destination"]["host"].partition(".")[0]: destination["weight"]
        for destination in route
    }
    assert shares == {"fraud-detection-default": 80, "fraud-detection-canary": 20}


def prerequisite(scenario: str, component: Any, name: str) -> Prerequisite:
    graph = compiled(scenario).graphs[compiled(scenario).environments[-1]]
    actual = component.prerequisites(graph.instances[name], graph.wiring(name))
    assert isinstance(actual, Prerequisite)
    return actual


def configs(prerequisite_object: Prerequisite) -> dict[str, Manifest]:
    return {
        manifest["metadata"]["name"]: manifest["data"]
        for manifest in prerequisite_object.objects
        if manifest["kind"] == "ConfigMap"
    }


def test_knative_is_told_what_the_models_need() -> None:
    required = prerequisite("kserve-serverless", knative, "knative")
    required_configs = configs(required)
    assert required_configs["config-domain"] == {"ml.example.internal": ""}
    assert required_configs["config-defaults"] == {"max-revision-timeout-seconds": "900"}
    assert required_configs["config-features"] == {
        "kubernetes.podspec-nodeselector": "enabled",
        "kubernetes.podspec-tolerations": "enabled",
        "secure-pod-defaults": "enabled",
    }
    (activator,) = [manifest for manifest in required.objects if manifest["kind"] == "Deployment"]
    assert activator["metadata"]["name"] == "activator"
    assert activator["spec"]["template"]["spec"] == {"terminationGracePeriodSeconds": 900}
    labels = {
        manifest["metadata"]["name"]: manifest["metadata"].get("labels")
        for manifest in required.objects
    }
    assert labels["knative-serving"] == {"istio-injection": "enabled"}


def test_the_operator_is_told_the_same() -> None:
    (serving,) = [
        manifest
        for manifest in objects("knative", "default")
        if manifest["kind"] == "KnativeServing"
    ]
    config = serving["spec"]["config"]
    assert config["autoscaler"] == {
        "container-concurrency-target-default": "20", "stable-window": "90s",
    }  # fmt: skip
    skipped = config["deployment"]["registries-skipping-tag-resolving"].split(",")
    assert {"registry.example.internal", "mirror.example.internal"} <= set(skipped)
    assert config["defaults"] == {"max-revision-timeout-seconds": "1800"}
    assert configs(prerequisite("knative", knative, "knative")) == {}


def test_the_operator_pulls_the_images_of_the_release_from_the_mirror() -> None:
    """Operator 0.48, pkg/reconciler/common/images.go: by Deployment and container, or by one name."""
    (serving,) = (
        manifest
        for manifest in objects("knative", "default")
        if manifest["kind"] == "KnativeServing"
    )
    pulled = serving["spec"]["registry"]["override"]
    assert {"activator/activator", "net-istio-controller/controller", "migrate"} <= set(pulled)
    assert all(image.startswith("mirror.example.internal/") for image in pulled.values())
    assert len(set(pulled.values())) == len(pulled)
    # The proxy of revisions, which the operator leaves as the ConfigMap has it.
    proxy = serving["spec"]["config"]["deployment"]["queue-sidecar-image"]
    assert proxy == pulled["queue-proxy"]


def in_namespaces(knative_section: str, kserve_section: str) -> tuple[Prerequisite, Prerequisite]:
    """The prerequisites of Knative and of KServe."""
    components = f"{{istio: {{}}, knative: {knative_section}, kserve: {kserve_section}, seaweedfs: {{storage: 200Gi}}}}"
    graph = compiled_model("format: sklearn, access: inside", components).lowered["default"].graph
    instances = graph.instances
    serverless = knative.prerequisites(instances["knative"], graph.wiring("knative"))
    serving = kserve.prerequisites(instances["kserve"], graph.wiring("kserve"))
    assert serverless is not None
    assert serving is not None
    return serverless, serving


def test_kserve_is_told_where_knative_is() -> None:
    """Its controller reads `config-autoscaler` there before it serves a model (pkg/constants/constants.go)."""
    expected = {"name": "KNATIVE_CONFIG_AUTOSCALER_NAMESPACE", "value": "serverless"}
    for knative_section, variables in (
        ("{}", []),
        ("{namespace: serverless}", [expected]),
        ("{namespace: serverless, install: operator}", [expected]),
    ):
        _, serving = in_namespaces(knative_section, "{}")
        containers = [
            container
            for manifest in serving.objects
            if manifest["kind"] == "Deployment"
            for container in manifest["spec"]["template"]["spec"]["containers"]
        ]
        assert [variable for container in containers for variable in container["env"]] == variables


def test_no_command_installs_a_release_into_a_namespace_that_its_files_do_not_name() -> None:
    serverless, serving = in_namespaces("{namespace: serverless}", "{namespace: serving}")
    assert [line[:2] for line in (*serverless.how, *serving.how)] == ["# ", "# "]
    serverless, serving = in_namespaces("{}", "{}")
    assert any("serving-core.yaml" in command for command in serverless.how)
    assert any("kserve.yaml" in command for command in serving.how)


@pytest.mark.parametrize("install", ["existing", "operator"])
@pytest.mark.parametrize(
    ("istio", "missing"),
    [
        ("istio: {}", False),
        ("istio: {namespace: mesh}", True),
        ("istio: {}, istio-gateway: {}", False),
        ("istio: {namespace: mesh}, istio-gateway: {}", True),
        ("istio-gateway: {}", False),
    ],
)
def test_the_namespace_of_net_istios_service_is_there(
    install: str, istio: str, missing: bool
) -> None:
    """Its release has a Service in `istio-system` (203-local-gateway.yaml)."""
    components = SERVERLESS.replace("istio: {}", istio, 1).replace(
        "knative: {}", f"knative: {{install: {install}}}"
    )
    graph = compiled_model("format: sklearn, access: inside", components).lowered["default"].graph
    serving = knative.prerequisites(graph.instances["knative"], graph.wiring("knative"))
    assert serving is not None
    command = "kubectl create namespace istio-system --dry-run=client -o yaml | kubectl apply -f -"
    assert (command in serving.how) == missing
    # `vendor` makes the namespaces that a release lacks.
    assert ("istio-system" in serving.namespaces) == missing


@pytest.mark.parametrize("component", ["knative", "kserve"])
def test_a_vendored_release_is_in_its_namespace(component: str) -> None:
    components = SERVERLESS.replace(
        f"{component}: {{}}", f"{component}: {{install: vendored, namespace: other}}"
    )
    report = compiled_model("format: sklearn, access: inside", components).report
    (problem,) = [
        diagnostic for diagnostic in report.sorted() if diagnostic.code == "invalid-value"
    ]
    assert "remove `namespace`" in str(problem.help)


def test_kserve_is_told_its_mode() -> None:
    for scenario, mode in (("kserve-serverless", "Knative"), ("kserve-standard", "Standard")):
        required_config = configs(prerequisite(scenario, kserve, "kserve"))[
            "inferenceservice-config"
        ]
        assert json.loads(required_config["deploy"]) == {"defaultDeploymentMode": mode}
        for manifest in objects(scenario, compiled(scenario).environments[-1]):
            if manifest["kind"] == "InferenceService":
                marks = manifest["metadata"]["annotations"]
                assert marks["serving.kserve.io/deploymentMode"] == mode


@pytest.mark.parametrize("scenario", ["kserve-serverless", "kserve-standard"])
def test_kserve_is_told_of_its_ingress_beside_what_upstream_ships(scenario: str) -> None:
    """KServe's manager does not start without `ingressGateway`, in no mode (kserve/kserve#3976)."""
    required_config = configs(prerequisite(scenario, kserve, "kserve"))["inferenceservice-config"]
    ingress = json.loads(required_config["ingress"])
    assert set(ingress) >= set(kserve.SHIPPED_INGRESS)
    assert ingress["ingressGateway"].count("/") == 1
    assert ingress["ingressDomain"] == compiled(scenario).platforms[None].settings.domain


def test_kserve_without_istio_asks_for_no_virtual_service() -> None:
    required_config = configs(prerequisite("kserve-standard", kserve, "kserve"))[
        "inferenceservice-config"
    ]
    ingress = json.loads(required_config["ingress"])
    assert (ingress["disableIstioVirtualHost"], ingress["disableIngressCreation"]) == (True, True)


def test_a_host_of_kserves_own_has_room_for_every_name() -> None:
    """KServe refuses a model whose template gives a label of more than 63 characters (ingress/domain.go)."""
    config = configs(prerequisite("kserve-standard", kserve, "kserve"))["inferenceservice-config"]
    template = json.loads(config["ingress"])["domainTemplate"]
    for component in ("predictor", "transformer"):
        host = template.replace("{{ .Name }}", f"{'m' * 40}-{component}")
        host = host.replace("{{ .Namespace }}", "n" * 40)
        assert all(len(label) <= 63 for label in host.split("."))


def test_what_fetches_models_is_admitted() -> None:
    """`restricted` asks each container for this; the release's has none (kserve/kserve#5373)."""
    for scenario in ("kserve-serverless", "kserve-standard"):
        (container,) = [
            manifest["spec"]["container"]
            for manifest in prerequisite(scenario, kserve, "kserve").objects
            if manifest["kind"] == "ClusterStorageContainer"
        ]
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "runAsNonRoot": True,
            "runAsUser": 1000,
            "seccompProfile": {"type": "RuntimeDefault"},
        }


def test_the_whole_pod_has_a_seccomp_profile_for_the_containers_of_a_mesh() -> None:
    for components in (SERVERLESS, STANDARD):
        context = predictor("format: sklearn", components)["securityContext"]
        assert context == {"seccompProfile": {"type": "RuntimeDefault"}}


@pytest.mark.parametrize(
    ("model", "components", "deadline"),
    [
        ("format: sklearn", SERVERLESS, None),
        ("format: sklearn, size: 1Gi", SERVERLESS, None),
        ("format: vllm, size: 140Gi", SERVERLESS, "3006s"),
        ("format: vllm, size: 140Gi", STANDARD, None),
    ],
)
def test_a_revision_may_take_as_long_as_its_download(
    model: str, components: str, deadline: str | None
) -> None:
    """140 GiB take 1,203 s at 1 Gbit/s; Knative's own deadline is 600 s."""
    annotations = inference_service(model, components)["metadata"]["annotations"]
    assert annotations.get("serving.knative.dev/progress-deadline") == deadline


def test_vllm_uses_every_gpu_and_knows_its_user() -> None:
    model = predictor("format: vllm, gpu: 4, size: 140Gi")["model"]
    assert model["args"] == ["--tensor-parallel-size=4"]
    assert {"name": "USER", "value": "vllm"} in model["env"]
    assert "args" not in predictor("format: vllm, gpu: 1")["model"]
    assert "args" not in predictor("format: huggingface, gpu: 1")["model"]
    assert "args" not in predictor("format: triton, gpu: 4")["model"]


@pytest.mark.parametrize("format", ["vllm", "huggingface"])
@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("", ["--tensor-parallel-size=4"]),
        ("--max-model-len=8192", ["--tensor-parallel-size=4", "--max-model-len=8192"]),
        ("--tensor_parallel_size=2", ["--tensor_parallel_size=2"]),
        ("--pipeline-parallel-size=4", ["--pipeline-parallel-size=4"]),
        ("-tp=2", ["-tp=2"]),
    ],
)
def test_a_language_model_uses_every_gpu_unless_its_arguments_divide_them(
    format: str, written: str, expected: list[str]
) -> None:
    args = f', args: ["{written}"]' if written else ""
    model = predictor(f"format: {format}, gpu: 4, size: 140Gi{args}")["model"]
    assert model["args"] == expected


@pytest.mark.parametrize("install", ["existing", "operator", "vendored"])
@pytest.mark.parametrize(("timeout", "seconds"), [("10m", None), ("601s", "601"), ("20m", "1200")])
def test_knative_admits_the_longest_timeout(
    install: str, timeout: str, seconds: str | None
) -> None:
    """Beyond 600 s Knative refuses a revision (config-defaults, max-revision-timeout-seconds)."""
    text = (
        "apiVersion: platformc/v1alpha1\nkind: Platform\nmetadata: {name: one}\nspec:\n"
        f"  components: {{istio: {{}}, knative: {{install: {install}}}, kserve: {{}}, seaweedfs: {{}}}}\n"
        "  models:\n    short: {uri: 's3://models/short', format: sklearn, timeout: 30s}\n"
        f"    long: {{uri: 's3://models/long', format: sklearn, timeout: {timeout}}}\n"
    )
    lowered = pipeline.compile(text.encode(), "platform.yaml").lowered["default"]
    wiring = lowered.graph.wiring("knative")
    config = knative.config_data(lowered.graph.instances["knative"], wiring)
    assert config.get("defaults", {}).get("max-revision-timeout-seconds") == seconds


@pytest.mark.parametrize(("concurrency", "limit"), [(1000, None), (1001, "1001"), (5000, "5000")])
def test_knative_admits_the_largest_concurrency(concurrency: int, limit: str | None) -> None:
    """Beyond 1000 Knative refuses a revision (config-defaults, container-concurrency-max-limit)."""
    result = compiled_model(f"format: sklearn, concurrency: {concurrency}")
    graph = result.lowered["default"].graph
    config = knative.config_data(graph.instances["knative"], graph.wiring("knative"))
    assert config.get("defaults", {}).get("container-concurrency-max-limit") == limit


@pytest.mark.parametrize(("written", "expected"), [("40s", "40s"), ("2m", "2m"), ("2d", "48h")])
def test_knative_reads_the_autoscalers_durations(written: str, expected: str) -> None:
    """Go's durations have no days."""
    components = SERVERLESS.replace(
        "knative: {}", f"knative: {{autoscaler: {{scaleToZeroGrace: {written}}}}}"
    )
    graph = compiled_model("format: sklearn", components).lowered["default"].graph
    config = knative.config_data(graph.instances["knative"], graph.wiring("knative"))
    assert config["autoscaler"] == {"scale-to-zero-grace-period": expected}


@pytest.mark.parametrize(
    ("window", "codes"),
    [
        ("6s", set()),
        ("1h", set()),
        ("5s", {"out-of-range"}),
        ("61m", {"out-of-range"}),
        ("1d", {"out-of-range"}),
    ],
)
def test_the_autoscalers_window_is_one_that_knative_accepts(window: str, codes: set[str]) -> None:
    components = SERVERLESS.replace(
        "knative: {}", f"knative: {{autoscaler: {{stableWindow: {window}}}}}"
    )
    report = compiled_model("format: sklearn, access: inside", components).report
    assert {
        diagnostic.code for diagnostic in report.sorted() if diagnostic.severity == "error"
    } == codes


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ("format: tensorflow, timeout: 60s", None),
        ("format: tensorflow, timeout: 5m", ["--rest_api_timeout_in_ms=300000"]),
        ("format: tensorflow, timeout: 40d", ["--rest_api_timeout_in_ms=2147483647"]),
        ("format: sklearn, timeout: 5m", None),
        (
            "format: tensorflow, timeout: 5m, args: [--rest_api_timeout_in_ms=90000]",
            ["--rest_api_timeout_in_ms=300000", "--rest_api_timeout_in_ms=90000"],
        ),
    ],
)
def test_tensorflow_answers_within_the_models_timeout(
    fields: str, expected: list[str] | None
) -> None:
    """KServe starts it with a minute (kserve-tensorflow-serving.yaml)."""
    model = predictor(f"{fields}, size: 200Mi", STANDARD)["model"]
    assert model.get("args") == expected


def test_kserve_gives_a_server_the_braces_that_the_user_wrote() -> None:
    """It executes a runtime's container as a template of Go, and a user's image as it is."""
    chat = "{% for m in messages %}{{ m.content }}{{{ x }}}{% endfor %}"
    model = predictor(
        f"format: sklearn, args: ['--chat-template={chat}', '--name={{{{.Name}}}}'], "
        "env: {LABEL: '{{ .Labels.team }}', TEXT: '{{- x }}', KEY: {secret: own, key: key}}"
    )["model"]
    assert model["args"] == [
        "--chat-template={% for m in messages %}{{`{{`}} m.content }}{{`{{`}}{ x }}}{% endfor %}",
        "--name={{.Name}}",
    ]
    values = {variable["name"]: variable.get("value") for variable in model["env"]}
    assert values == {"KEY": None, "LABEL": "{{ .Labels.team }}", "TEXT": "{{`{{`}}- x }}"}


@pytest.mark.parametrize(
    ("operation", "features"),
    [
        ("path: /spec/predictor/runtimeClassName, value: nvidia", ["runtimeclassname"]),
        ("path: /spec/predictor/securityContext/fsGroup, value: 1000", ["securitycontext"]),
        (
            "path: /spec/transformer, value: {schedulerName: volcano, containers: []}",
            ["schedulername"],
        ),
        (
            "path: /spec/predictor/volumes, value: [{name: a, persistentVolumeClaim: {claimName: cache}}]",
            ["persistent-volume-claim", "persistent-volume-write"],
        ),
        (
            "path: /spec/predictor/volumes, value: [{name: a, persistentVolumeClaim: {claimName: b, readOnly: true}}]",
            ["persistent-volume-claim"],
        ),
        (
            "path: /spec/predictor/model/env, value: [{name: A, valueFrom: {fieldRef: {fieldPath: status.podIP}}}]",
            ["fieldref"],
        ),
        ("path: /spec/predictor/model/image, value: r.example.com/a:1", []),
        ("path: /metadata/annotations/affinity, value: x", []),
    ],
)
def test_knative_admits_the_fields_that_patches_add(operation: str, features: list[str]) -> None:
    """Its webhook refuses fields of pods without their feature (fieldmask.go)."""
    patches = f"[{{target: {{kind: InferenceService, name: one}}, operations: [{{op: add, {operation}}}]}}]"
    result = compiled_model(f"format: sklearn, access: inside, patches: {patches}")
    graph = result.lowered["default"].graph
    config = knative.config_data(graph.instances["knative"], graph.wiring("knative"))
    enabled = config["features"].keys() - {"secure-pod-defaults"}
    assert sorted(enabled) == [f"kubernetes.podspec-{name}" for name in features]


def test_an_image_of_the_users_own_is_the_server() -> None:
    (service,) = [manifest for manifest in objects("model-servers", "small")
                  if manifest["kind"] == "InferenceService" and manifest["metadata"]["name"] == "ranker"]  # fmt: skip
    predictor = service["spec"]["predictor"]
    (container,) = predictor["containers"]
    assert "model" not in predictor
    assert container["image"].endswith("/ranker:2.1.0")
    assert container["ports"] == [{"containerPort": 9000, "protocol": "TCP"}]
    assert container["readinessProbe"] == {"httpGet": {"path": "/v2/health/ready", "port": 9000}}
    assert container["securityContext"]["runAsUser"] == 1001
    assert predictor["imagePullSecrets"] == [{"name": "registry-login"}, {"name": "ranker-login"}]
    rules = predictor["affinity"]["nodeAffinity"]
    assert set(rules) == {
        "requiredDuringSchedulingIgnoredDuringExecution",
        "preferredDuringSchedulingIgnoredDuringExecution",
    }


def test_callers_reach_the_port_of_an_image_and_learn_its_protocol() -> None:
    manifests = objects("model-servers", "small")
    (policy,) = [manifest for manifest in manifests if manifest["kind"] == "NetworkPolicy"
                 and manifest["metadata"]["name"] == "ranker-inference"]  # fmt: skip
    assert [port["port"] for port in policy["spec"]["ingress"][0]["ports"]] == [9081]  # the agent's
    (job,) = [manifest for manifest in manifests if manifest["kind"] == "CronJob"]
    template = job["spec"]["jobTemplate"]["spec"]["template"]
    env = {entry["name"]: entry.get("value") for entry in template["spec"]["containers"][0]["env"]}
    assert (env["RANKER_URL"], env["RANKER_PROTOCOL"]) == (
        "http://ranker-predictor.mlops.svc.cluster.local", "v2",
    )  # fmt: skip


def test_an_image_of_files_is_a_volume_from_the_mirror() -> None:
    """KServe's other way, a second container, has no security context (0.20, pkg/utils/storage.go)."""
    (service,) = [manifest for manifest in objects("model-servers", "small")
                  if manifest["kind"] == "InferenceService" and manifest["metadata"]["name"] == "churn"]  # fmt: skip
    uri = service["spec"]["predictor"]["model"]["storageUri"]
    assert (
        uri == "oci+native://registry.example.internal/mirror/registry.example.com/models/churn:7"
    )


def test_an_older_kubernetes_mounts_no_image() -> None:
    spec = """\
apiVersion: platformc/v1alpha1
kind: Platform
metadata: {name: p}
spec:
  cluster: {kubernetes: "1.34"}
  components: {kserve: {mode: standard}}
  models: {churn: {format: sklearn, uri: "oci://registry.example.com/churn:7"}}
"""
    findings = [finding for finding in diagnosed(spec.encode()) if finding.code == "unfit-version"]
    assert [finding.path for finding in findings] == [("spec", "models", "churn", "uri")]
