"""The model store of a namespace: the key that reads the models' buckets, and their ServiceAccount.

A key for each model would mean a thousand keys for the same buckets. Models of a namespace with the same
`bind` share a store.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from hashlib import sha256
from typing import Any

from compiler import model
from compiler.interfaces import s3, serving
from compiler.spec import quantity
from compiler.spec.served_model import ModelSpec

PHASE = model.Phase.MODELS
SECTION = "model_stores"
LONGEST = 63  # characters of a label


class Spec(model.Section):
    """Not part of the spec file: it is derived from the models."""

    buckets: tuple[str, ...]
    from_hub: bool = False  # whether a model is fetched from the Hugging Face Hub
    public: bool = False  # whether the gateway leads to the pods of a model
    bind: dict[str, str]
    labels: dict[str, str] = {}
    sizes: tuple[tuple[str, int], ...] = ()  # the sizes of the models that state them, by URI
    ports: tuple[int, ...] = ()  # the ports of servers that are users' images
    intercepted: bool = False  # whether requests of a model pass a container before its server
    transformed: bool = False  # whether requests of a model pass a transformer before its server


def name(instance: model.Instance[ModelSpec]) -> str:
    """The name of a model's store."""
    return _named(
        instance.namespace, tuple(sorted(instance.spec.bind.items())) if instance.spec.bind else ()
    )


@cache
def _named(namespace: str, bind: tuple[tuple[str, str], ...]) -> str:
    """A name that fits into a label."""
    full_name = "-".join(("models", namespace, *(word for pair in bind for word in pair)))
    if len(full_name) <= LONGEST:
        return full_name
    return f"{full_name[: LONGEST - 9].rstrip('-')}-{sha256(full_name.encode()).hexdigest()[:8]}"


def groups(
    models: Iterable[model.Instance[ModelSpec]],
) -> Mapping[str, Sequence[model.Instance[ModelSpec]]]:
    """The models by store: models of a namespace with the same `bind` share one."""
    by_store: dict[str, list[model.Instance[ModelSpec]]] = defaultdict(list)
    for instance in models:
        by_store[name(instance)].append(instance)
    return dict(sorted(by_store.items()))


def store(key: str, group: Sequence[model.Instance[ModelSpec]]) -> model.Instance[Spec]:
    """The store of a group of models, with every bucket of their URIs."""
    representative = group[0]
    return model.Instance(
        name=key,
        section=SECTION,
        type="model-store",
        namespace=representative.namespace,
        spec=_spec(group),
        platform=representative.platform,
        settings=representative.settings,
        declared=representative.path
        if representative.spec.bind
        else ("spec", representative.section),
    )


def _spec(group: Sequence[model.Instance[ModelSpec]]) -> Spec:
    uris = {instance.spec.uri for instance in group}
    uris |= {
        c.previous for instance in group if (c := instance.spec.canary) is not None and c.previous
    }
    return Spec(
        buckets=tuple(sorted({uri.split("/")[2] for uri in uris if uri.startswith("s3://")})),
        from_hub=any(uri.startswith("hf://") for uri in uris),
        public=any(
            instance.spec.has_route and serving.guard(instance) is None for instance in group
        ),
        bind=group[0].spec.bind,
        sizes=_sizes(group),
        ports=tuple(sorted({served.spec.own_port for served in group if served.spec.port})),
        intercepted=any(served.spec.is_intercepted for served in group),
        transformed=any(served.spec.transformer is not None for served in group),
    )


def _sizes(group: Sequence[model.Instance[ModelSpec]]) -> tuple[tuple[str, int], ...]:
    sized = {
        instance.spec.uri: quantity.in_bytes(instance.spec.size)
        for instance in group
        if instance.spec.size and instance.spec.uri.startswith("s3://")
    }
    return tuple(sorted(sized.items()))


def claims(me: model.Instance[Spec]) -> model.Claims:
    system: dict[model.Requires[Any], model.Claim] = {serving.SERVING: serving.Claim()}
    if me.spec.buckets:
        system[serving.STORE] = s3.Claim(
            buckets=me.spec.buckets, read_only=True, shared=True, holds=me.spec.sizes
        )
    return system


def offers(me: model.Instance[Spec]) -> model.Offers:
    return {}


def lower(me: model.Instance[Any], wiring: model.Wiring) -> Iterator[model.Piece]:
    yield from wiring[serving.SERVING].share(me, wiring)
