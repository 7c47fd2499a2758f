"""KServe's transformer: the second component of an InferenceService, a server before the predictor.

Facts are of KServe 0.20.0. Its controller adds `--model_name`, `--predictor_host` and `--http_port 8080`
to the arguments (transformer_custom.go), and its SDK asks the predictor by protocol v1 without
`--predictor_protocol` (model_server.py). Labels of the InferenceService are on the pods of both
components, labels of a component only on its pods (predictor.go, transformer.go).
"""

from __future__ import annotations

from collections.abc import Iterator

from compiler import kube, model
from compiler.components.kserve import grace
from compiler.components.kserve.compute import CONFINED
from compiler.components.kserve.own_server import NAME
from compiler.interfaces import inference, serving
from compiler.model import Problem
from compiler.spec.duration import seconds
from compiler.spec.served_model import ModelSpec
from compiler.spec.transformer import Transformer

PORT = 8080
_PROTOCOL = "--predictor_protocol"
PODS = model.OperatorPods(
    inference.TRANSFORMER, {"app.kubernetes.io/component": inference.TRANSFORMER}
)


def fields(
    me: model.Instance[ModelSpec], surroundings: serving.Surroundings, protocol: str, replicas: int
) -> model.Manifest:
    """The section of an InferenceService; empty for a model without a transformer."""
    spec, client = me.spec.transformer, surroundings.transformer
    policy = me.settings.registry.pull_policy
    if spec is None or client is None:
        return {}
    transformer: model.Manifest = {
        "automountServiceAccountToken": False,
        "containers": [kube.pulled(_container(me.name, spec, client, protocol), policy)],
        "enableServiceLinks": False,
        "labels": labels(client),
        "minReplicas": min(1, replicas) if spec.min_replicas is None else spec.min_replicas,
        "securityContext": {"seccompProfile": kube.UNPRIVILEGED["seccompProfile"]},
        "serviceAccountName": surroundings.account,
        **kube.pull_secrets(me),
    }
    if spec.max_replicas is not None:
        transformer["maxReplicas"] = spec.max_replicas
    transformer |= grace.fields(me.spec, surroundings)
    if me.spec.timeout is not None:
        transformer["timeout"] = seconds(me.spec.timeout)
    if client.volumes:
        transformer["volumes"] = [
            {"name": volume.name, **volume.source} for volume in client.volumes
        ]
    return {"transformer": transformer}


def labels(client: kube.Client) -> dict[str, str]:
    """The labels of its pods: its role, and the offers that it uses, the predictor's among them."""
    used = sorted({endpoint.binding.label for endpoint in client.endpoints})
    return {**PODS.labels, **dict.fromkeys(used, "true")}


def _container(name: str, spec: Transformer, client: kube.Client, protocol: str) -> model.Manifest:
    container: model.Manifest = {"name": NAME, "image": spec.image}
    if spec.command:
        container["command"] = list(spec.command)
    if args := _args(spec, protocol):
        container["args"] = args
    defaults = (variable for variable in kube.name_env(name) if variable.name not in spec.env)
    variables = (*defaults, *client.env, *kube.own_env(spec))
    container["env"] = [variable.manifest() for variable in variables]
    if spec.probe:
        container["readinessProbe"] = {"httpGet": {"path": spec.probe, "port": PORT}}
    container["resources"] = kube.resources(
        spec.resources, cpu="100m", memory="512Mi", cpu_limit="1", memory_limit="1Gi",
        disk="1Gi", disk_limit="2Gi",
    )  # fmt: skip
    container["securityContext"] = {**kube.UNPRIVILEGED, **CONFINED, "runAsUser": spec.user}
    if client.volumes:
        container["volumeMounts"] = [volume.mount() for volume in client.volumes]
    return container


def _args(spec: Transformer, protocol: str) -> list[str]:
    """The user's arguments, and the predictor's protocol where it is not the SDK's default."""
    is_set = any(argument.startswith(_PROTOCOL) for argument in spec.args)
    return [*spec.args, *([f"{_PROTOCOL}=v2"] if protocol == "v2" and not is_set else [])]


def problems(me: model.Instance[ModelSpec], mode: str, protocol: str) -> Iterator[Problem]:
    spec = me.spec.transformer
    if spec is None:
        return
    if protocol not in ("v1", "v2", ""):
        yield Problem(
            "serving-mode",
            f"`{me.name}` speaks `{protocol}`, which no transformer of KServe's SDK does",
            ("transformer",),
            f"remove `transformer`, or serve it as a model with `image:` and `uses: [{me.name}]`",
        )
    if mode == "standard" and spec.min_replicas == 0:
        yield Problem(
            "serving-mode",
            f"the transformer of `{me.name}` scales to zero, which KServe does in serverless mode only",
            ("transformer", "minReplicas"),
            "write `minReplicas: 1`, or `kserve: {mode: serverless}`",
        )
