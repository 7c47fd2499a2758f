"""The problems of serving models on KServe, and the replicas that follow from a model's size."""

from __future__ import annotations

from collections.abc import Iterator

from compiler import model
from compiler.components.kserve import agent, listening, reserved, several_nodes, transformer
from compiler.components.kserve.runtimes import LANGUAGE, NEURAL, Runtime, readers, spelled
from compiler.diagnostics.words import closest, listing
from compiler.interfaces import serving
from compiler.model import Problem
from compiler.spec.served_model import ModelSpec

OCI_VOLUMES = 35  # Kubernetes' minor version


def of_model(
    me: model.Instance[ModelSpec], mode: str, runtimes: tuple[Runtime, ...], protocol: str
) -> Iterator[Problem]:
    """All problems of one model, in a mode of KServe, with these runtimes."""
    spec = me.spec
    if spec.image is None:
        yield from _format(me, runtimes)
    yield from _oci(me)
    yield from _mode(me, mode)
    yield from _token(me)
    yield from _size(me, mode)
    yield from reserved.problems(me, mode)
    if spec.args or spec.command or spec.env or spec.transformer is not None:
        yield from listening.problems(me, _runtime(spec, runtimes))
    if spec.runtime is not None:
        yield from several_nodes.problems(me, mode)
    yield from agent.problems(me, protocol)
    yield from transformer.problems(me, mode, protocol)
    if mode == "standard" and spec.canary is not None:
        yield Problem(
            "serving-mode",
            f"`{me.name}` splits its traffic, which KServe does in serverless mode only",
            ("canary",),
            "write `kserve: {mode: serverless}`, or declare the new version as a model of its own",
        )
    if mode == "standard" and spec.min_replicas == 0:
        yield Problem(
            "serving-mode",
            f"`{me.name}` scales to zero, which KServe does in serverless mode only",
            ("minReplicas",),
            "write `minReplicas: 1`, or `kserve: {mode: serverless}`",
        )
    elif spec.min_replicas == 0 and (burden := _burden(spec)):
        yield Problem(
            "cold-start",
            f"`{me.name}` scales to zero and has {burden}: the first request waits for it",
            ("minReplicas",),
            "write `minReplicas: 1`, or leave it out",
        )


def _runtime(spec: ModelSpec, runtimes: tuple[Runtime, ...]) -> str:
    """The name of the runtime that serves a model; empty for an image."""
    named = (runtime.name for runtime in readers(runtimes, spec.format))
    return spec.runtime or next(named, "")


def _mode(me: model.Instance[ModelSpec], mode: str) -> Iterator[Problem]:
    """The problems of keys that only Knative reads, in a mode without Knative."""
    for key, value in (("concurrency", me.spec.concurrency), ("scaling", me.spec.scaling)):
        if value is not None and mode == "standard":
            yield Problem(
                "serving-mode",
                f"`{me.name}` sets `{key}`, which KServe reads in serverless mode only",
                (key,),
                "leave it out, or write `kserve: {mode: serverless}`",
            )


def _token(me: model.Instance[ModelSpec]) -> Iterator[Problem]:
    """The problem of a token's key: KServe looks for the Hub's token by its name (0.20, hf_secret.go)."""
    token = serving.hub_token(me.spec)
    if token is not None and token.key != serving.HUB_VARIABLE:
        yield Problem(
            "invalid-value",
            f"KServe reads the token of the Hub from the key `{serving.HUB_VARIABLE}` of a Secret",
            ("env", serving.HUB_VARIABLE),
            f"rename the Secret's key, and write `key: {serving.HUB_VARIABLE}`",
        )


def _format(me: model.Instance[ModelSpec], runtimes: tuple[Runtime, ...]) -> Iterator[Problem]:
    named = me.spec.runtime
    names = [runtime.name for runtime in readers(runtimes, me.spec.format)]
    if not names:
        formats = sorted({name.lower() for runtime in runtimes for name in runtime.formats})
        close = closest(me.spec.format, formats)
        help = f"did you mean `{close}`?" if close else f"the formats are {listing(formats)}"
        problem = f"no serving runtime reads the format `{me.spec.format}`"
        yield Problem("unknown-format", problem, ("format",), help, formats)
    elif named is not None and named not in names:
        is_known = named in [runtime.name for runtime in runtimes]
        reason = f"does not read `{me.spec.format}`" if is_known else "is not a known runtime"
        yield Problem(
            "runtime-mismatch",
            f"`{named}` {reason}",
            ("runtime",),
            f"the runtimes that read it are {listing(names)}"
            if is_known
            else "declare a runtime of your own under `runtimes:` of the kserve component; "
            f"those that read `{me.spec.format}` are {listing(names)}",
            names,
        )


def _size(me: model.Instance[ModelSpec], mode: str) -> Iterator[Problem]:
    """The problems of a model without a size, from which memory, disk, replicas and deadlines follow."""
    spec, format = me.spec, spelled(me.spec.format)
    if spec.image is not None or spec.size is not None:
        return
    neural = format in NEURAL
    heavy = spec.gpus is not None or format in LANGUAGE or (neural and serving.fills_memory(spec))
    # A network that fits little memory is light.
    unknown = neural and serving.memory_of(spec) is None and replicas(spec, mode) == 0
    if heavy or unknown:
        so = "so" if heavy else "so it scales to zero, and"
        yield Problem(
            "unknown-size",
            f"`{me.name}` has no `size`, {so} its server gets {_lacking(spec)} for a small model",
            (),
            "add `size:` with the size of the model's files, like `size: "
            + ("16Gi`" if heavy else "200Mi`, or `minReplicas: 1`"),
        )


def _lacking(spec: ModelSpec) -> str:
    """The amounts that follow from the size of a model, and that the user has not set."""
    amounts = spec.resources
    disk = amounts.limits.ephemeral_storage or amounts.requests.ephemeral_storage
    needs = {"memory": serving.memory_of(spec), "disk": disk}
    return " and ".join(name for name, amount in needs.items() if not amount) or "time to start"


def _oci(me: model.Instance[ModelSpec]) -> Iterator[Problem]:
    """The problem of images as volumes, which Kubernetes has only since 1.35 (kube_features.go)."""
    version = me.settings.cluster.kubernetes
    is_image = me.spec.uri.startswith("oci://")
    if is_image and version and int(version.partition(".")[2]) < OCI_VOLUMES:
        yield Problem(
            "unfit-version",
            f"Kubernetes {version} mounts no images, which `{me.name}` needs for its `oci://` URI",
            ("uri",),
            f"run Kubernetes 1.{OCI_VOLUMES}, or copy the model to a bucket and write its `s3://` URI",
        )


def replicas(spec: ModelSpec, mode: str) -> int:
    """The minimum of replicas: zero if a request can wait for a start, else one."""
    if spec.min_replicas is not None:
        return spec.min_replicas
    return int(mode == "standard" or _burden(spec) is not None)


def _burden(spec: ModelSpec) -> str | None:
    return serving.burden(spec, LANGUAGE, spelled(spec.format))
