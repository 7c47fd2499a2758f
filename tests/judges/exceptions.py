"""Findings of the judges that stay, each with its reason; docs/security.md shows them as a table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from judges.finding import Finding

USER_IDS = ("container-security-context-user-group-id", "CKV_K8S_40", "KSV-0020", "KSV-0021")


@dataclass(frozen=True)
class Allowed:
    """Findings of some checks, where a test of the object says so, and why."""

    checks: tuple[str, ...]
    explanation: str
    where: Callable[[Finding], bool] = lambda finding: True


def _tenant(finding: Finding) -> bool:
    return finding.labels.get("app.kubernetes.io/component") == "workload"


def _type(*names: str) -> Callable[[Finding], bool]:
    return lambda finding: finding.labels.get("app.kubernetes.io/name") in names


EXCEPTIONS = (
    Allowed(
        ("CKV_K8S_43",),
        "A digest is the registry's to say: `platformc images --pin` asks it and pins all of "
        "them. Tags are pinned in any case; a floating one does not compile.",
    ),
    Allowed(
        ("CKV_K8S_35",),
        "Credentials are variables by `secretKeyRef`: MLflow, boto3, libpq and lakeFS read theirs "
        "from the environment, and a URI of several parts is composed there.",
    ),
    Allowed(
        USER_IDS,
        "The image is the user's: 1000 is the user that most training images expect; `user:` "
        "changes it.",
        _tenant,
    ),
    Allowed(
        USER_IDS,
        "The image's own user owns what it writes: the servers want it in their passwd file.",
        _type(
            "postgres", "cloudnative-pg", "mysql", "redis", "valkey", "lakefs", "kubeflow-pipelines"
        ),
    ),
    Allowed(
        ("pod-probes-identical", "pod-probes"),
        "PgBouncer answers nothing without a login, and Feast's registry and offline servers have "
        "no health protocol, nor has Kubeflow's metadata: both probes connect, and differ in pace.",
        _type("pgbouncer", "feast", "kubeflow-pipelines"),
    ),
    Allowed(
        ("ingress-targets-service",),
        "KServe makes the Service that a model's Ingress leads to.",
        _type("model"),
    ),
    Allowed(
        ("service-targets-pod",),
        "Knative's local Service leads to the pods of Istio's gateway, which its own release brings.",
        _type("knative"),
    ),
    Allowed(
        ("CKV_K8S_9",),
        "A metrics exporter beside a server has no readiness of its own: its failure must not take "
        "the server out of service.",
        _type("postgres", "mysql", "redis", "valkey", "pgbouncer"),
    ),
    Allowed(
        ("CKV_K8S_8", "CKV_K8S_9"),
        "Kubeflow's persistence agent and schedule controller open no port to ask.",
        _type("kubeflow-pipelines"),
    ),
    Allowed(
        ("CKV_K8S_38", "KSV-0048"),
        "Kubeflow's servers use the API, each with a role of its own; the one for runs takes away "
        "their pods.",
        _type("kubeflow-pipelines"),
    ),
    Allowed(
        ("KSV-0036",),
        "Argo's executor runs in the run's own pod and reports to the API; a token for it alone "
        "would be a Secret that never expires.",
        lambda finding: finding.kind in ("WorkflowTemplate", "CronWorkflow"),
    ),
    Allowed(
        ("KSV-0113",),
        "Who has to read a Secret may `get` just those that the role names (tests/test_pods.py).",
    ),
    Allowed(
        ("KSV-01010", "KSV-0109"),
        "trivy finds words such as `password` and `connection_string`; what stands behind them is "
        "the name of a variable or of a Secret's key (tests/test_secrets.py).",
    ),
    Allowed(
        ("KSV-0125",),
        "trivy trusts clouds' registries alone; whom to trust is the spec's to say, by "
        "`registry.mirror`.",
    ),
    Allowed(
        ("container-security-context-readonlyrootfilesystem", "CKV_K8S_22", "KSV-0014"),
        "The workload says `writableRoot: true`.",
        _tenant,
    ),
    Allowed(
        ("deployment-replicas",),
        "How many replicas there are is the spec's to say; an environment for development has one.",
    ),
    Allowed(
        ("networkpolicy-targets-pod",),
        "The pods are an operator's, which kube-score does not see; tests/test_network.py does.",
        lambda finding: finding.operator,
    ),
    Allowed(
        ("networkpolicy-targets-pod",),
        "cert-manager starts the pods that prove a host, for a moment, beside the Certificate.",
        lambda finding: finding.name.endswith("-solver-from-gateway"),
    ),
)


def reason(finding: Finding) -> str | None:
    """Why a finding may stay; None where it may not."""
    for exception in EXCEPTIONS:
        if finding.check in exception.checks and exception.where(finding):
            return exception.explanation
    return None
