"""A model's server that is the user's image: a custom predictor of KServe.

KServe 0.20 (predictor_custom.go): the container has a fixed name, by which KServe finds its port and
its probe; the variable PROTOCOL may be `v1` or `v2` alone. In standard mode a predictor without a
probe is ready once its port is open.
"""

from __future__ import annotations

from compiler import kube, model
from compiler.components.kserve.compute import CONFINED, compute
from compiler.interfaces import serving
from compiler.model import Env
from compiler.spec.served_model import ModelSpec

NAME = "kserve-container"


def container(me: model.Instance[ModelSpec], surroundings: serving.Surroundings) -> model.Manifest:
    """The container of the predictor."""
    spec, client, port = me.spec, surroundings.client, me.spec.own_port
    fields: model.Manifest = {"name": NAME, "image": spec.image}
    if spec.command:
        fields["command"] = list(spec.command)
    if spec.args:
        fields["args"] = list(spec.args)
    protocol = [Env("PROTOCOL", spec.protocol)] if spec.protocol in ("v1", "v2") else []
    defaults = (v for v in (*protocol, *kube.name_env(me.name)) if v.name not in spec.env)
    variables = (*defaults, *client.env, *kube.own_env(spec))
    fields["env"] = [variable.manifest() for variable in variables]
    fields["ports"] = [{"containerPort": port, "protocol": "TCP"}]
    if spec.probe:
        fields["readinessProbe"] = {"httpGet": {"path": spec.probe, "port": port}}
    fields["resources"] = compute(spec.resources, spec.size, spec.gpus)
    user = {"runAsUser": spec.user} if spec.user else {}
    fields["securityContext"] = {**kube.UNPRIVILEGED, **CONFINED, **user}
    if client.volumes:
        fields["volumeMounts"] = [volume.mount() for volume in client.volumes]
    return fields
