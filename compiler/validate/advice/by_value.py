"""The advice that depends on the value of a key, or on the keys that its section has."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pydantic import ValidationError

from compiler.diagnostics.words import normalised
from compiler.document.flow_style import flow_style
from compiler.spec.access import Tls
from compiler.spec.constraints import address
from compiler.spec.section import parse
from compiler.validate.advice.texts import TEXTS
from compiler.validate.advice.unknown_key import UnknownKey


def _endpoint(unknown: UnknownKey) -> str | None:
    return (
        address(unknown.value)
        if "host" in unknown.keys and isinstance(unknown.value, str)
        else None
    )


def _volume(unknown: UnknownKey) -> str | None:
    size = unknown.value.get("size") if isinstance(unknown.value, dict) else unknown.value
    has_size = isinstance(size, str)
    return f"write `storage: {size if has_size else '20Gi'}`" if "storage" in unknown.keys else None


def _class(unknown: UnknownKey) -> str | None:
    name = unknown.value if isinstance(unknown.value, str) else "..."
    return f"write `cluster: {{storageClass: {name}}}` under `spec:`; it is for all volumes"


def _version(unknown: UnknownKey) -> str | None:
    if "alias" in unknown.keys:
        return _of_registry(unknown)
    image = unknown.defaults.get("image")
    default = f"; the default is `{image}`" if image else ""
    return (
        f"write `image:` with the version as its tag{default}" if "image" in unknown.keys else None
    )


def _of_registry(unknown: UnknownKey) -> str | None:
    """A version or a stage of a registered model. MLflow 3 has aliases in place of stages."""
    if "alias" not in unknown.keys:
        return None
    return (
        "write `alias:` with an alias that the version has in the registry; for a model in no registry, the "
        "version is a part of `uri:`"
    )


def _enabled(unknown: UnknownKey) -> str | None:
    return (
        "leave the line out: what stands in the spec is there"
        if unknown.value is True
        else "leave the instance out; in an environment, remove it by `NAME: null`"
    )


def _instances(unknown: UnknownKey) -> str | None:
    number = unknown.value if isinstance(unknown.value, int) else "3"
    return f"write `replicas: {number}`" if "replicas" in unknown.keys else None


def _variables(unknown: UnknownKey) -> str | None:
    if "env" not in unknown.keys:
        return None
    return "write `env: {NAME: text}`; a value of a Secret is `{secret: NAME, key: KEY}`"


def _one_server(unknown: UnknownKey) -> str | None:
    if {"replicas", "minReplicas"} & set(unknown.keys) or "storage" not in unknown.keys:
        return None
    return "leave it out: this type is one server; another type of its kind may take `replicas`"


def _host(unknown: UnknownKey) -> str | None:
    return "write `publicHost:` with the host of its page" if "publicHost" in unknown.keys else None


def _memory_of_data(unknown: UnknownKey) -> str | None:
    if "memory" not in unknown.keys:
        return None
    return (
        "write `memory:`, the limit of the pod; what the data may take follows from it, "
        "so it must be larger"
    )


def _several(unknown: UnknownKey) -> str | None:
    """Servers behind Sentinel or in a cluster, in the words of Feast, Helm charts and Redis' clients."""
    if "masterName" not in unknown.keys:
        return None
    if "sentinel" in normalised(unknown.name):
        return "write `mode: sentinel`, with `hosts: [...]` of the Sentinels and `masterName:`"
    return "write `mode: cluster`, with `hosts: [...]` of some of its nodes"


def _append_only(unknown: UnknownKey) -> str | None:
    persistence = "aof" if unknown.value in (True, "yes") else "none"
    return f"write `persistence: {persistence}`" if "persistence" in unknown.keys else None


def _certificate(unknown: UnknownKey) -> str:
    try:
        text = flow_style(parse(Tls, unknown.value).written())
    except ValidationError:
        text = "{issuer: {name: ...}}"
    return (
        f"write `tls: {text}` under `spec:`, or under the environment's name: it is the certificate "
        "of all hosts"
    )


def _top_variables(unknown: UnknownKey) -> str | None:
    if {"apiVersion", "components"} & set(unknown.keys):
        return (
            "the language has no variables: write the value where it is used; what differs in an "
            "environment is `environments: {NAME: {...}}` under `spec:`"
        )
    return _variables(unknown)


def _named(value: Any) -> str:
    """The name that a key of another tool gives, directly, as `name`, or as Kubernetes' `claimName`."""
    name = value.get("name", value.get("claimName")) if isinstance(value, dict) else value
    return name if isinstance(name, str) else "NAME"


def _claim(unknown: UnknownKey) -> str | None:
    if "mountPath" in unknown.keys:
        return f"write `claim: {_named(unknown.value)}`"
    if {"adopt", "storage"} <= set(unknown.keys):
        return f"write `adopt: {{claim: {_named(unknown.value)}}}`"
    if "volumes" in unknown.keys:
        return f"write `volumes: {{data: {{claim: {_named(unknown.value)}, mountPath: /data}}}}`"
    return None


def _service(unknown: UnknownKey) -> str | None:
    name = _named(unknown.value)
    if "adopt" in unknown.keys:
        return f"write `adopt: {{service: {name}}}`"
    return _ports(unknown) or TEXTS["service"]


def _ports(unknown: UnknownKey) -> str | None:
    if "schedule" not in unknown.keys:
        return None
    return "a workload answers no requests: a server that programs call is a model with `image:`"


def _order(unknown: UnknownKey) -> str | None:
    if "schedule" not in unknown.keys:
        return None
    return (
        "no workload waits for another: write the steps as `init:` of one workload, in which they run one "
        "after another, or give each a `schedule:`"
    )


def _config_files(unknown: UnknownKey) -> str | None:
    if "volumes" not in unknown.keys:
        return None
    return (
        "write a ConfigMap of yours, and `volumes: {config: {configMap: NAME, mountPath: /config}}`"
    )


def _scratch(unknown: UnknownKey) -> str | None:
    if "mountPath" not in unknown.keys:
        return None
    settings = unknown.value if isinstance(unknown.value, dict) else {}
    memory = ", inMemory: true" if settings.get("medium") == "Memory" else ""
    size = settings.get("sizeLimit", "1Gi")
    return f"write `size: {size}{memory}`; without another source, a volume is scratch space"


def _login_secret(unknown: UnknownKey) -> str | None:
    # Not the value itself: it would be masked, because its key has the name of a credential.
    if "credentials" in unknown.keys:
        return "write `credentials: {secret: NAME}`"
    return "write `secret: NAME`" if "secret" in unknown.keys else None


def _open_id(unknown: UnknownKey) -> str | None:
    values = (
        {normalised(key): inner for key, inner in unknown.value.items()}
        if isinstance(unknown.value, dict)
        else {}
    )
    issuer = values.get("issuer") or values.get("issuerurl") or "https://..."
    client = values.get("clientid") or "..."
    suffix = "" if "login" in unknown.keys else " under `spec:`; it is for all pages"
    return f"write `login: {{issuer: {issuer}, client: {{id: {client}}}}}`{suffix}"


def _namespaces(unknown: UnknownKey) -> str:
    name = next(iter(unknown.value), None) if isinstance(unknown.value, dict) else None
    return (
        "write `namespace:` in each instance; what a ResourceQuota of yours admits is "
        f"`cluster: {{quotas: {{{name or 'NAME'}: {{cpu: ..., memory: ...}}}}}}`"
    )


def _mounts(unknown: UnknownKey) -> str:
    if "volumes" not in unknown.keys and "format" in unknown.keys:
        return "models have no volumes: the files of a model come from its `uri:`; add others by `patches:`"
    return "a volume says where it is mounted: `volumes: {data: {mountPath: /data, ...}}`"


def _runtime_version(unknown: UnknownKey) -> str | None:
    if "runtime" not in unknown.keys:
        return None
    return "write `runtime:` with a serving runtime of that version, or `image:` with a server of your own"


def _model_length(unknown: UnknownKey) -> str | None:
    length = unknown.value if isinstance(unknown.value, (int, str)) else "..."
    return f'write `args: ["--max-model-len={length}"]`' if "args" in unknown.keys else None


def _scaling(unknown: UnknownKey) -> str | None:
    """The autoscaler's fields of an InferenceService."""
    if "scaling" not in unknown.keys:
        return None
    metric, target = (
        ("concurrency", unknown.value) if "arget" in unknown.name else (unknown.value, "...")
    )
    return f"write `scaling: {{metric: {metric}, target: {target}}}`"


def _outgoing(unknown: UnknownKey) -> str | None:
    if "uses" not in unknown.keys:
        return None
    return (
        "pods reach what `uses` names: declare the host as a component of the type `external-service`, "
        "and write its name there"
    )


def _bound(unknown: UnknownKey) -> str | None:
    if "bind" not in unknown.keys:
        return None
    return (
        "components bind to their providers without `uses`; where several fit, write "
        "`bind: {SLOT: NAME}` (`platformc explain TYPE` lists the slots)"
    )


# The functions, each with the normalised keys that it is for.
_ROWS: tuple[tuple[Callable[[UnknownKey], str | None], str], ...] = (
    (_endpoint, "endpoint endpointurl url"),
    (_volume, "persistence volume disk"),
    (_class, "storageclass storageclassname"),
    (_version, "version tag"),
    (_enabled, "enabled disabled"),
    (_instances, "instances"),
    (_one_server, "replicas"),
    (_top_variables, "variables vars"),
    (_of_registry, "stage"),
    (_claim, "existingclaim claimname persistentvolumeclaim pvc"),
    (_service, "service servicename"),
    (_ports, "port ports"),
    (_order, "dependson"),
    (_config_files, "config configfiles files"),
    (_scratch, "emptydir"),
    (_login_secret, "secretname passwordsecret secretref"),
    (_open_id, "oidc openid oauth oauth2 sso"),
    (_namespaces, "namespaces"),
    (_variables, "envfrom envfile extraenv extraenvs extraenvvars environmentvariables"),
    (_host, "hostname host hosts"),
    (_memory_of_data, "maxmemory"),
    (_append_only, "appendonly"),
    (_several, "cluster clustermode nodes redistype sentinel sentinels sentinelmaster"),
    (_mounts, "volumemounts"),
    (_runtime_version, "runtimeversion"),
    (_model_length, "maxmodellen"),
    (_scaling, "scaletarget scalemetric"),
    (_outgoing, "egress"),
    (_bound, "uses"),
    (_certificate, "tls https"),
)
BY_VALUE = {word: advice for advice, words in _ROWS for word in words.split()}
