"""The login before pages: the admitted users, and the ways past it."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml
from support.cluster import lowered, objects_of
from support.paths import ROOT

from compiler import pipeline
from compiler.components import argo_workflows
from compiler.model import hosts
from compiler.model.manifest import Manifest
from compiler.model.package import Lowered

HEAD = """apiVersion: platformc/v1alpha1
kind: Platform
metadata: {name: pages}
spec:
  domain: ml.example.internal
"""
LOGIN = "  login: {issuer: 'https://sso.example.internal', client: {id: ml}, groups: [users]}\n"
COMPONENTS = "  components: {seaweedfs: {}, postgres: {}, istio: {}, mlflow: {%s}}\n"


def compile(text: str) -> pipeline.Compilation:
    result = pipeline.compile((HEAD + text).encode(), "platform.yaml")
    assert not result.report.failed, result.report.sorted()
    return result


def args(lowered_platform: Lowered, page: str) -> list[str]:
    """The arguments of the login before a page."""
    (deployment,) = [
        manifest for manifest in objects_of(lowered_platform)
        if manifest["kind"] == "Deployment" and manifest["metadata"]["name"] == f"{page}-login"
    ]  # fmt: skip
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    return [str(argument) for argument in container["args"]]


def groups(lowered_platform: Lowered, page: str) -> set[str]:
    actual = (argument.partition("--allowed-group=") for argument in args(lowered_platform, page))
    return {group for _, flag, group in actual if flag}


def _flags(lowered_platform: Lowered, deployment: str, flag: str) -> set[str]:
    """The values of an argument of oauth2-proxy."""
    (arguments,) = [
        manifest["spec"]["template"]["spec"]["containers"][0]["args"]
        for manifest in objects_of(lowered_platform)
        if manifest["kind"] == "Deployment" and manifest["metadata"]["name"] == deployment
    ]
    parts = (argument.removeprefix("--").partition("=") for argument in arguments)
    return {value for name, _, value in parts if name == flag}


def destinations(lowered_platform: Lowered) -> dict[str, str]:
    """The Service behind each host."""
    return {
        manifest["spec"]["hosts"][0]: manifest["spec"]["http"][-1]["route"][0]["destination"][
            "host"
        ]
        for manifest in objects_of(lowered_platform)
        if manifest["kind"] == "VirtualService"
    }


def test_every_page_leads_to_its_login_and_programs_to_their_server() -> None:
    assert destinations(lowered("login", "prod")) == {
        "argo-workflows.ml.example.internal": "argo-workflows-login.mlops.svc.cluster.local",
        "lakefs.ml.example.internal": "lakefs.mlops.svc.cluster.local",
        "minio.ml.example.internal": "minio.storage.svc.cluster.local",
        "minio-console.ml.example.internal": "minio-console-login.mlops.svc.cluster.local",
        "tracking.example.internal": "mlflow-login.mlops.svc.cluster.local",
    }


def _model_hosts(environment: str) -> dict[str, str]:
    """The Service to which the host of each model leads."""
    environment_objects = lowered("model-access", environment)
    hosts_of_models = destinations(environment_objects)
    for manifest in objects_of(environment_objects):
        if manifest["kind"] == "Ingress":
            (rule,) = manifest["spec"]["rules"]
            service = rule["http"]["paths"][0]["backend"]["service"]["name"]
            hosts_of_models[rule["host"]] = f"{service}.{manifest['metadata']['namespace']}"
    return {
        host.partition(".")[0]: ".".join(service.split(".")[:2])
        for host, service in hosts_of_models.items()
    }


def test_the_host_of_a_model_leads_to_what_its_access_asks_for() -> None:
    before = {"churn": "churn-token.mlops", "iris": "iris-login.mlops"}
    assert _model_hosts("k3s") == {**before, "wine": "wine-predictor.demo"}
    assert _model_hosts("mesh") == {**before, "wine": "knative-local-gateway.istio-system"}


@pytest.mark.parametrize("environment", ["k3s", "mesh"])
def test_a_model_lets_in_the_callers_or_groups_that_it_names(environment: str) -> None:
    lowered_platform = lowered("model-access", environment)
    accounts = {"system:serviceaccount:billing:invoices", "system:serviceaccount:analytics:scorer"}
    assert _flags(lowered_platform, "churn-token", "allowed-group") == accounts
    assert _flags(lowered_platform, "churn-token", "oidc-groups-claim") == {"sub"}
    # A token for another host is for another audience.
    assert _flags(lowered_platform, "churn-token", "client-id") == {"churn.ml.example.internal"}
    assert _flags(lowered_platform, "iris-login", "allowed-group") == {"botanists", "ml-admins"}


def test_keys_of_the_spec_spare_requests_to_their_issuer() -> None:
    assert len(_flags(lowered("model-access", "mesh"), "churn-token", "oidc-public-key-file")) == 2
    for environment, discovers in (("k3s", True), ("mesh", False)):
        lowered_platform = lowered("model-access", environment)
        policies = {
            m["metadata"]["name"]
            for m in objects_of(lowered_platform)
            if m["kind"] == "NetworkPolicy"
        }
        assert ("token-issuer-tokens-clients" in policies) == discovers
        assert (_flags(lowered_platform, "churn-token", "skip-oidc-discovery") == {"true"}) == (
            not discovers
        )


def test_the_gateway_reaches_no_pods_of_models_behind_a_check() -> None:
    names = {
        (manifest["metadata"]["namespace"], manifest["metadata"]["name"])
        for manifest in objects_of(lowered("model-access", "k3s"))
        if manifest["kind"] == "NetworkPolicy"
        and "model-from-gateway" in manifest["metadata"]["name"]
    }
    assert names == {("demo", "models-demo-model-from-gateway")}


def test_without_a_login_a_page_that_asks_for_none_has_no_host() -> None:
    assert destinations(lowered("login", "dev")).keys() == {
        "argo-workflows.ml.example.internal", "lakefs.ml.example.internal",
        "minio.ml.example.internal", "minio-console.ml.example.internal",
    }  # fmt: skip


def test_groups_are_the_pages_own_or_those_of_all_and_admins_are_everywhere() -> None:
    lowered_platform = lowered("login", "prod")
    assert groups(lowered_platform, "mlflow") == {"data-science", "Research Berlin", "ml-admins"}
    assert groups(lowered_platform, "minio-console") == {"ml-users", "ml-admins"}


def test_admins_alone_shut_nobody_out() -> None:
    login = LOGIN.replace("groups: [users]", "admins: [admins]")
    lowered_platform = compile(login + COMPONENTS % "").lowered[None]
    assert groups(lowered_platform, "mlflow") == set()


@pytest.mark.parametrize("tls", ["", "  tls: {secret: ml-tls}\n"])
def test_cookies_follow_what_browsers_speak(tls: str) -> None:
    words = args(compile(tls + LOGIN + COMPONENTS % "").lowered[None], "mlflow")
    scheme = "https" if tls else "http"
    assert f"--redirect-url={scheme}://mlflow.ml.example.internal/oauth2/callback" in words
    assert f"--cookie-secure={str(bool(tls)).lower()}" in words
    # Browsers take this name only from the host itself, and only over HTTPS.
    assert ("--cookie-name=__Host-mlflow-login" in words) == bool(tls)


def test_a_host_of_its_own_has_a_listener_and_a_certificate() -> None:
    (certificate,) = [
        manifest
        for manifest in objects_of(lowered("login", "prod"))
        if manifest["kind"] == "Certificate"
    ]
    assert certificate["spec"]["dnsNames"] == ["*.ml.example.internal", "tracking.example.internal"]
    (entrance,) = [
        manifest
        for manifest in objects_of(lowered("login", "prod"))
        if manifest["kind"] == "Gateway"
    ]
    for listener in entrance["spec"]["servers"]:
        assert "mlops/tracking.example.internal" in listener["hosts"]


def test_mlflow_answers_to_its_own_host() -> None:
    (deployment,) = [
        manifest for manifest in objects_of(lowered("login", "prod"))
        if manifest["kind"] == "Deployment" and manifest["metadata"]["name"] == "mlflow"
    ]  # fmt: skip
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    env = {variable["name"]: variable.get("value", "") for variable in container["env"]}
    assert "tracking.example.internal" in env["MLFLOW_SERVER_ALLOWED_HOSTS"].split(",")


def test_a_secret_of_ones_own_is_not_generated() -> None:
    assert "login-client" not in {
        credential.name for credential in lowered("login", "prod").credentials
    }
    assert "sso-client" in {grant.name for grant in lowered("login", "prod").granted}


def test_without_a_gateway_there_is_no_login() -> None:
    text = LOGIN + COMPONENTS.replace("istio: {}, ", "") % ""
    lowered_platform = compile(text).lowered[None]
    assert not [
        package
        for package in lowered_platform.packages
        if "login" in package or package == "identity-provider"
    ]


def test_a_server_is_set_up_before_it_has_a_host() -> None:
    objects = [
        manifest
        for manifest in objects_of(lowered("login", "prod"))
        if "lakefs" in manifest["metadata"]["name"]
    ]
    (route,) = [_wave(manifest) for manifest in objects if manifest["kind"] == "VirtualService"]
    (setup,) = [_wave(manifest) for manifest in objects if manifest["kind"] == "Job"]
    assert route > setup


def _wave(manifest: Manifest) -> int:
    return int(manifest["metadata"]["annotations"]["argocd.argoproj.io/sync-wave"])


# The table of the threat model ------------------------------------------------------------------


def admitted_users(lowered_platform: Lowered) -> dict[str, str]:
    """The users that the door lets to each host, as the compiled objects have it."""
    routes = destinations(lowered_platform)
    rows = {}
    for pages in hosts.opened(lowered_platform.graph).values():
        for page in pages:
            if page.exposed and page.host in routes:
                rows[page.name] = _rule(lowered_platform, page, routes[page.host])
    models = (
        instance
        for instance in lowered_platform.graph.instances.values()
        if instance.section == "models"
    )
    return rows | {
        model.name: _askers(lowered_platform, model.name, routes[model.route])
        for model in models
        if model.route in routes
    }


def _askers(lowered_platform: Lowered, model: str, service: str) -> str:
    """The people or ServiceAccounts that a model's host lets in."""
    name, space = service.split(".")[:2]
    if space != lowered_platform.platform.settings.namespace or not name.startswith(f"{model}-"):
        return "everybody"
    allowed = _flags(lowered_platform, name, "allowed-group")
    return "users of " + ", ".join(f"`{group}`" for group in sorted(allowed))


def _rule(lowered_platform: Lowered, page: hosts.Opened, service: str) -> str:
    if (
        service
        == f"{page.name}-login.{lowered_platform.platform.settings.namespace}.svc.cluster.local"
    ):
        return "users of " + ", ".join(
            f"`{group}`" for group in sorted(groups(lowered_platform, page.name))
        )
    return "holders of its keys" if page.offer.own_login else "everybody"


def test_the_threat_model_says_who_may_do_what_at_the_door() -> None:
    lowered_platform = pipeline.compile(
        (ROOT / "platform.yaml").read_bytes(), "platform.yaml"
    ).lowered["prod"]
    text = (ROOT / "docs" / "threat-model.md").read_text()
    rows = re.findall(r"^\| `([a-z-]+)` \| (.+?) \|", text.partition("## The pages")[2], re.M)
    assert dict(rows) == admitted_users(lowered_platform)


def callers(objects: list[Manifest], pods: dict[str, Any]) -> set[str]:
    """The identities that the mesh lets to some pods."""
    return {
        principal
        for manifest in objects
        if manifest["kind"] == "AuthorizationPolicy"
        and manifest["spec"].get("selector", {}).get("matchLabels", {}).items() == pods.items()
        for rule in manifest["spec"]["rules"]
        for source in rule.get("from", ())
        for principal in source["source"].get("principals", ())
    }


def test_the_gateway_reaches_no_page_past_its_login() -> None:
    lowered_platform = lowered("login", "prod")
    mlflow = {"app.kubernetes.io/component": "server", "app.kubernetes.io/instance": "mlflow"}
    actual = callers(objects_of(lowered_platform), mlflow)
    assert "cluster.local/ns/mlops/sa/mlflow-login" in actual
    assert not any("istio-system" in host for host in actual)


def test_argos_server_knows_people_by_their_groups() -> None:
    """Argo's namespace has all that its sign-on names: the client's Secrets, and an account for each kind of rights."""
    production = lowered("login", "prod")
    assert groups(production, "argo-workflows") == {"Research Berlin", "data-science", "ml-admins"}
    assert _flags(production, "argo-workflows-login", "proxy-prefix") == {"/oauth2-proxy"}
    accounts = {
        manifest["metadata"]["name"]: manifest["metadata"]["annotations"]
        for manifest in objects_of(production)
        if manifest["kind"] == "ServiceAccount" and manifest["metadata"]["namespace"] == "argo"
    }
    rule = "workflows.argoproj.io/rbac-rule"
    assert {name: annotations[rule] for name, annotations in accounts.items()} == {
        "argo-workflows-read": '"data-science" in groups',
        "argo-workflows-write": '"Research Berlin" in groups',
        "argo-workflows-admin": '"ml-admins" in groups',
    }
    precedence = [int(accounts[f"argo-workflows-{rights}"][f"{rule}-precedence"])
                  for rights in ("read", "write", "admin")]  # fmt: skip
    assert precedence == sorted(precedence)
    sso = yaml.load(_argo_settings(production)["sso"], yaml.CSafeLoader)
    secrets = {
        credential.name: credential for credential in (*production.credentials, *production.granted)
    }
    for reference in (sso["clientId"], sso["clientSecret"]):
        credential = secrets[reference["name"]]
        assert "argo" in credential.namespaces
        assert reference["key"] in credential.keys
    assert sso["redirectUrl"] == "https://argo-workflows.ml.example.internal/oauth2/callback"


def test_people_read_the_keys_that_argos_store_names() -> None:
    """Argo's server fetches logs and artefacts with the rights of the person who asks for them."""
    production = lowered("login", "prod")
    store = yaml.load(_argo_settings(production)["artifactRepository"], yaml.CSafeLoader)["s3"]
    keys = {store["accessKeySecret"]["name"], store["secretKeySecret"]["name"]}
    for rights in ("read", "write", "admin"):
        (role,) = [
            manifest
            for manifest in objects_of(production)
            if manifest["kind"] == "Role"
            and manifest["metadata"]["namespace"] == "mlops"
            and manifest["metadata"]["name"] == f"argo-workflows-{rights}-logs"
        ]
        readable = [rule for rule in role["rules"] if rule["resources"] == ["secrets"]]
        assert [(set(rule["resourceNames"]), rule["verbs"]) for rule in readable] == [
            (keys, ["get"])
        ]


def _argo_settings(environment: Lowered) -> dict[str, str]:
    me = environment.graph.instances["argo-workflows"]
    prerequisite = argo_workflows.prerequisites(me, environment.graph.wiring("argo-workflows"))
    assert prerequisite is not None
    (config,) = [manifest for manifest in prerequisite.objects if manifest["kind"] == "ConfigMap"]
    settings: dict[str, str] = config["data"]
    return settings


def test_argo_keeps_its_own_settings_without_a_sign_on_in_the_spec() -> None:
    assert "sso" not in _argo_settings(lowered("login", "dev"))
