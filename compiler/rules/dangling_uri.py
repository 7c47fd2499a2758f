"""S3 URIs that lead nowhere: to a bucket or a lakeFS repository that nobody provides.

A store makes what is claimed of it, and a key opens the buckets of its own claims (lakeFS has one key
for all of its repositories). So a URI in a workload must name a bucket of the workload's. The bucket of a
model is made for it: it is wrong where nobody can ever fill it, as its name is that of a repository, or
all but that of a bucket that is written to. In lakeFS the first part of a key is a branch, tag or commit
(lakeFS documentation, S3 gateway). What a store outside the platform holds is unknown.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from msgspec import Struct

from compiler.diagnostics import Report, listing, near, suggestion
from compiler.interfaces import s3, serving
from compiler.model import Binding, Graph, Instance, Path, Platform
from compiler.tenants import model_store

# Not where a variable or a placeholder makes up the rest of the bucket's name.
_URI = re.compile(r"\bs3[an]?://([a-z0-9][a-z0-9.-]+[a-z0-9])(?![\w.${(<%-])(/[^/\s\"']+)?")
Mistake = tuple[str, str | tuple[str, ...]]  # what is wrong, and what to type


class BucketUri(Struct, frozen=True):
    """A URI in the spec: whose it is, where, its bucket, and whether a key follows."""

    instance: Instance[Any]
    path: Path
    bucket: str
    has_key: bool


class Held(Struct, frozen=True):
    """What the platform's stores hold: looked up once for all places."""

    written: Mapping[str, Mapping[str, str]]  # by store: the buckets that somebody fills, and who
    repositories: Mapping[str, set[str]]  # by server whose one key opens all of it

    @classmethod
    def of(cls, graph: Graph) -> Held:
        written: dict[str, dict[str, str]] = {name: {} for name in graph.offers}
        claims = [one for one in graph.bindings
                  if isinstance(one.claim, s3.Claim) and not one.claim.read_only]  # fmt: skip
        for one in sorted(claims, key=lambda one: one.consumer.section != "components"):
            for bucket in one.claim.buckets:
                written[one.provider.name].setdefault(bucket, one.consumer.name)
        repositories = {
            name: {*offer.buckets, *written[name]}
            for name, slots in graph.offers.items()
            for provides, offer in slots.items()
            if isinstance(offer, s3.Offer) and not provides.endpoint.scoped
        }
        return cls(written, repositories)

    def opened(self, store: Binding) -> set[str]:
        """The buckets that a client's key opens."""
        return self.repositories.get(store.provider.name) or set(store.claim.buckets)


def check(platform: Platform, graph: Graph, report: Report) -> None:
    found = list(places(platform.instances.values()))
    held = Held.of(graph) if found else Held({}, {})
    alike: dict[object, Mistake | None] = {}  # thousands of models may name a handful of buckets
    for place in found:
        if place.instance.section == "models":
            key = (model_store.name(place.instance), place.bucket, place.has_key)
            if key not in alike:
                alike[key] = _of_model(place, graph, held)
            problem = alike[key]
        else:
            problem = _of_workload(place, graph, held)
        if problem is not None:
            message, help = problem
            span = platform.document.value_span(place.path)
            report.add("dangling-uri", message, span, path=place.path, help=help)


def places(instances: Iterable[Instance[Any]]) -> Iterator[BucketUri]:
    """The first URI of each bucket that a model or a workload of the spec names."""
    for one in instances:
        seen: dict[str, BucketUri] = {}
        for path, text in _texts(one):
            for bucket, key in _URI.findall(text):
                seen.setdefault(bucket, BucketUri(one, (*one.path, *path), bucket, bool(key)))
        yield from seen.values()


def _texts(one: Instance[Any]) -> Iterator[tuple[Path, str]]:
    spec = one.spec
    if one.section == "models":
        yield ("uri",), spec.uri
        if spec.canary is not None and spec.canary.previous is not None:
            yield ("canary", "previous"), spec.canary.previous
    elif one.section == "workloads":
        for key in ("command", "args"):
            yield from (((key, index), text) for index, text in enumerate(getattr(spec, key)))
        yield from ((("env", name), text) for name, text in spec.env.items())


def _of_workload(place: BucketUri, graph: Graph, held: Held) -> Mistake | None:
    """A URI whose bucket the workload's key does not open."""
    name, uri = place.instance.name, f"s3://{place.bucket}"
    got = graph.wiring(name).bindings.values()
    store = next((one for one in got if issubclass(one.provides.endpoint, s3.Endpoint)), None)
    known = held.opened(store) if store else set()
    if store is not None and (store.offer.external or place.bucket in known):
        return None
    owner = next(_owners(place.bucket, graph, held), None)
    help = f"add `{owner}` to `uses`: it is there" if owner else suggestion(place.bucket, known)
    if store is None:
        problem = f"`{name}` names `{uri}`, and uses no object store"
        return problem, help or "add what has this bucket to `uses`"
    where = store.provider.name
    return (
        f"`{uri}` is out of reach: in `{where}`, `{name}` has {listing(known) or 'no bucket'}",
        help or "name one of its own, or add what has this one to `uses`",
    )


def _of_model(place: BucketUri, graph: Graph, held: Held) -> Mistake | None:
    """A URI whose bucket or repository nobody can fill."""
    store = graph.wiring(model_store.name(place.instance)).bindings.get(serving.STORE.slot)
    if store is None or store.offer.external:
        return None
    where, uri = store.provider.name, f"s3://{place.bucket}"
    if where in held.repositories:
        return _of_repository(place, where, held.repositories[where])
    for lakefs, repositories in held.repositories.items():
        if place.bucket in repositories:
            problem = (
                f"`{uri}` is a repository of `{lakefs}`, and this model is read from `{where}`"
            )
            return problem, f"add `bind: {{store: {lakefs}}}`"
    written = held.written[where]
    writer = written.get(place.bucket)
    if writer in held.repositories:
        problem = f"`{uri}` is where `{writer}` keeps its objects, under names that it makes up"
        return problem, f"add `bind: {{store: {writer}}}`, and name a repository and its branch"
    close = near(place.bucket, written, cutoff=0.85)
    if writer is None and close and not _of_one_family(place.bucket, close):
        problem = f"nobody writes to `{uri}`, and `{written[close]}` writes to `s3://{close}`"
        return problem, f"did you mean `s3://{close}`?"
    return None


def _of_repository(place: BucketUri, lakefs: str, known: set[str]) -> Mistake | None:
    uri = f"s3://{place.bucket}"
    if place.bucket not in known:
        help = suggestion(place.bucket, known) or f"add it under `repositories:` of `{lakefs}`"
        return f"`{uri}` is no repository of `{lakefs}`, which has {listing(known) or 'none'}", help
    if not place.has_key:
        return f"`{uri}` is a repository, and names no branch of it", f"begin with `{uri}/main/`"
    return None


def _of_one_family(one: str, other: str) -> bool:
    """Whether a name is another with a number or a word behind it, such as `models-2`."""
    short, long = sorted((one, other), key=len)
    return long.startswith(short) and not long.removeprefix(short).isalpha()


def _owners(bucket: str, graph: Graph, held: Held) -> Iterator[str]:
    """What a workload can add to `uses` and then gets the bucket."""
    yield from (name for name, known in held.repositories.items() if bucket in known)
    for one in graph.bindings:
        offers = graph.offers[one.consumer.name].values()
        claimed = isinstance(one.claim, s3.Claim) and bucket in one.claim.buckets
        if claimed and any(one.requires in offer.requires_of_clients for offer in offers):
            yield one.consumer.name
