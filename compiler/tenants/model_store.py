"""What the models of one namespace share: a key that reads their buckets, and who they run as.

A key for each model would be a thousand keys that all open the same buckets. Models that `bind`
otherwise than the rest of their namespace share with those that bind as they do.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from hashlib import sha256
from typing import Any

from compiler import model
from compiler.interfaces import s3, serving
from compiler.spec.tenant import ModelSpec

PHASE = model.Phase.MODELS
SECTION = "model_stores"
LONGEST = 63  # characters of a label


class Spec(model.Section):
    """Nobody writes this: it follows from the models."""

    buckets: tuple[str, ...]
    bind: dict[str, str]
    labels: dict[str, str] = {}


def name(one: model.Instance[ModelSpec]) -> str:
    """The store that a model belongs to."""
    return _named(one.namespace, tuple(sorted(one.spec.bind.items())) if one.spec.bind else ())


@cache
def _named(namespace: str, bind: tuple[tuple[str, str], ...]) -> str:
    """A name that a label has room for."""
    whole = "-".join(("models", namespace, *(word for pair in bind for word in pair)))
    if len(whole) <= LONGEST:
        return whole
    return f"{whole[: LONGEST - 9].rstrip('-')}-{sha256(whole.encode()).hexdigest()[:8]}"


def groups(
    models: Iterable[model.Instance[ModelSpec]],
) -> Mapping[str, Sequence[model.Instance[ModelSpec]]]:
    """The models that share a store: those of a namespace that are bound alike."""
    found: dict[str, list[model.Instance[ModelSpec]]] = defaultdict(list)
    for one in models:
        found[name(one)].append(one)
    return dict(sorted(found.items()))


def store(key: str, group: Sequence[model.Instance[ModelSpec]]) -> model.Instance[Spec]:
    """The store of a group of models, with every bucket that one of them is in."""
    first = group[0]
    uris = {one.spec.uri for one in group}
    uris |= {c.previous for one in group if (c := one.spec.canary) is not None and c.previous}
    buckets = sorted({uri.removeprefix("s3://").split("/")[0] for uri in uris})
    return model.Instance(
        name=key,
        section=SECTION,
        type="model-store",
        namespace=first.namespace,
        spec=Spec(buckets=tuple(buckets), bind=first.spec.bind),
        platform=first.platform,
        settings=first.settings,
        declared=first.path if first.spec.bind else ("spec", first.section),
    )


def claims(me: model.Instance[Spec]) -> model.Claims:
    return {
        serving.STORE: s3.Claim(buckets=me.spec.buckets, read_only=True, shared=True),
        serving.SERVING: serving.Claim(),
    }


def offers(me: model.Instance[Spec]) -> model.Offers:
    return {}


def lower(me: model.Instance[Any], wiring: model.Wiring) -> Iterator[model.Piece]:
    yield from wiring[serving.SERVING].share(me, wiring)
