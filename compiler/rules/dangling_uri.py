"""S3 URIs whose bucket or lakeFS repository does not exist.

A store creates the claimed buckets, and a key opens only the buckets of its own claims (lakeFS has one key
for all its repositories). So a URI in a workload must name one of the workload's buckets. A model's bucket
is created for it; its URI is wrong if nothing can fill the bucket: it has the name of a repository, or
nearly the name of a bucket with a writer. In lakeFS the first part of a key is a branch, tag or commit
(lakeFS documentation, S3 gateway). The contents of a store outside the platform are unknown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct

from compiler.check.texts import variables, words
from compiler.diagnostics import Report
from compiler.diagnostics.words import closest, listing, suggestion
from compiler.interfaces import s3, serving
from compiler.model import Binding, Graph, Instance, Path, Platform
from compiler.model.memo import Memo
from compiler.tenants import model_store

# Skips a bucket's name that continues with a variable or a placeholder.
_URI = re.compile(r"\bs3[an]?://([a-z0-9][a-z0-9.-]+[a-z0-9])(?![\w.${(<%-])(/[^/\s\"']+)?")
Mistake = tuple[str, str | tuple[str, ...]]  # the message, and the help


class BucketUri(Struct, frozen=True):
    """A URI in the spec: its instance, path and bucket, and whether a key follows."""

    instance: Instance[Any]
    path: Path
    bucket: str
    has_key: bool


class StoreContents(Struct, frozen=True):
    """The contents of the platform's stores, computed once for all URIs."""

    # By store: the buckets with a writer, each with the name of the writer.
    written: Mapping[str, Mapping[str, str]]
    # The repositories of each server that has one key for all of them.
    repositories: Mapping[str, set[str]]

    @classmethod
    def of(cls, graph: Graph) -> StoreContents:
        written: dict[str, dict[str, str]] = {name: {} for name in graph.offers}
        claims = [(binding, binding.claim) for binding in graph.bindings
                  if isinstance(binding.claim, s3.Claim) and not binding.claim.read_only]  # fmt: skip
        for binding, claim in sorted(
            claims, key=lambda pair: pair[0].consumer.section != "components"
        ):
            for bucket in claim.buckets:
                written[binding.provider.name].setdefault(bucket, binding.consumer.name)
        repositories = {
            name: {*offer.buckets, *written[name]}
            for name, slots in graph.offers.items()
            for provides, offer in slots.items()
            if isinstance(offer, s3.Offer) and not provides.endpoint.scoped
        }
        return cls(written, repositories)

    def opened(self, store: Binding) -> set[str]:
        """The buckets that a client's key opens."""
        buckets = store.claim.buckets if isinstance(store.claim, s3.Claim) else ()
        return self.repositories.get(store.provider.name) or set(buckets)


NEEDS_EVERY_INSTANCE = True  # an instance with errors may have the bucket


def check_all(
    platforms: Mapping[str, Platform], graphs: Mapping[str, Graph], report: Report
) -> None:
    memo = Memo()  # an instance that environments share is read once
    for name, platform in platforms.items():
        instances = platform.instances.values()
        uris = [uri for _, uris in memo.each(_bucket_uris, instances) for uri in uris]
        _check(platform, graphs[name], uris, report.within(name))


def _check(platform: Platform, graph: Graph, uris: list[BucketUri], report: Report) -> None:
    contents = StoreContents.of(graph) if uris else StoreContents({}, {})
    problems: dict[object, Mistake | None] = {}  # shared by the thousands of models in one bucket
    for uri in uris:
        if uri.instance.section == "models":
            locked = uri.instance.name in platform.registered
            key = (model_store.name(uri.instance), uri.bucket, uri.has_key, locked)
            if key not in problems:
                problems[key] = _of_model(uri, graph, contents, locked=locked)
            problem = problems[key]
        else:
            problem = _of_workload(uri, graph, contents)
        if problem is not None:
            message, help = problem
            span = platform.document.value_span(uri.path)
            report.add("dangling-uri", message, span, path=uri.path, help=help)


def _bucket_uris(instance: Instance[Any]) -> tuple[BucketUri, ...]:
    """The first URI of each bucket that a model or a workload of the spec names."""
    uris: dict[str, BucketUri] = {}
    for path, text in _texts(instance):
        for bucket, key in _URI.findall(text):
            uris.setdefault(bucket, BucketUri(instance, (*instance.path, *path), bucket, bool(key)))
    return tuple(uris.values())


def _texts(instance: Instance[Any]) -> Iterator[tuple[Path, str]]:
    spec = instance.spec
    if instance.section == "models":
        yield ("uri",), spec.uri
        if spec.canary is not None and spec.canary.previous is not None:
            yield ("canary", "previous"), spec.canary.previous
    elif instance.section == "workloads":
        yield from words(instance)
        yield from variables(instance)


def _of_workload(bucket_uri: BucketUri, graph: Graph, contents: StoreContents) -> Mistake | None:
    """The problem of a workload's URI if its key does not open the bucket."""
    name, uri = bucket_uri.instance.name, f"s3://{bucket_uri.bucket}"
    bindings = graph.wiring(name).bindings.values()
    store = next(
        (binding for binding in bindings if issubclass(binding.provides.endpoint, s3.Endpoint)),
        None,
    )
    buckets = contents.opened(store) if store else set()
    if store is not None and (store.offer.external or bucket_uri.bucket in buckets):
        return None
    owner = next(_owners(bucket_uri.bucket, graph, contents), None)
    help = (
        f"add `{owner}` to `uses`, which gives access to the bucket"
        if owner
        else suggestion(bucket_uri.bucket, buckets)
    )
    if store is None:
        problem = f"`{name}` names `{uri}`, and uses no object store"
        return problem, help or "add the instance with this bucket to `uses`"
    provider = store.provider.name
    return (
        f"the key of `{name}` does not open `{uri}`: in `{provider}`, it opens {listing(buckets) or 'no bucket'}",
        help or "name a bucket that the key opens, or add the store of this bucket to `uses`",
    )


def _of_model(
    bucket_uri: BucketUri, graph: Graph, contents: StoreContents, *, locked: bool
) -> Mistake | None:
    """The problem of a model's URI if nothing can fill its bucket or repository.

    The version of a `locked` model exists, so its bucket must have a writer.
    """
    store = graph.wiring(model_store.name(bucket_uri.instance)).bindings.get(serving.STORE.slot)
    if store is None or store.offer.external:
        return None
    provider = store.provider.name
    if provider in contents.repositories:
        return _of_repository(bucket_uri, provider, contents.repositories[provider])
    offered = store.offer.buckets if isinstance(store.offer, s3.Offer) else ()
    must_be_written = locked and bucket_uri.bucket not in offered
    return _behind_lakefs(bucket_uri.bucket, provider, contents) or _unfilled(
        bucket_uri.bucket, provider, contents, must_be_written=must_be_written
    )


def _behind_lakefs(bucket: str, provider: str, contents: StoreContents) -> Mistake | None:
    """The problem of a bucket that is a repository of lakeFS, or that holds lakeFS' own objects."""
    uri = f"s3://{bucket}"
    for server, repositories in contents.repositories.items():
        if bucket in repositories:
            problem = (
                f"`{uri}` is a repository of `{server}`, and this model is read from `{provider}`"
            )
            return problem, f"add `bind: {{store: {server}}}`"
    writer = contents.written[provider].get(bucket)
    if writer in contents.repositories:
        problem = f"`{uri}` is where `{writer}` keeps its objects, under generated names"
        return problem, f"add `bind: {{store: {writer}}}`, and name a repository and its branch"
    return None


def _unfilled(
    bucket: str, provider: str, contents: StoreContents, *, must_be_written: bool
) -> Mistake | None:
    """The problem of a bucket that nothing writes to, if its name is nearly that of another bucket."""
    uri, written = f"s3://{bucket}", contents.written[provider]
    writer = written.get(bucket)
    if must_be_written and writer is None:
        problem = f"the lock has a version at `{uri}`, and nothing writes there in `{provider}`"
        return problem, _where_written(bucket, contents)
    close = closest(bucket, written, cutoff=0.85)
    if writer is None and close and not _related(bucket, close):
        problem = f"nothing writes to `{uri}`, and `{written[close]}` writes to `s3://{close}`"
        return problem, f"did you mean `s3://{close}`?"
    return None


def _where_written(bucket: str, contents: StoreContents) -> str:
    """The help for a version whose bucket is in another store, or in no store of the platform."""
    stores = sorted(store for store, written in contents.written.items() if bucket in written)
    if stores:
        return f"add `bind: {{store: {stores[0]}}}`"
    return "declare the store that has the bucket, and bind the model to it"


def _of_repository(bucket_uri: BucketUri, server: str, repositories: set[str]) -> Mistake | None:
    uri = f"s3://{bucket_uri.bucket}"
    if bucket_uri.bucket not in repositories:
        help = (
            suggestion(bucket_uri.bucket, repositories)
            or f"add it under `repositories:` of `{server}`"
        )
        return (
            f"`{uri}` is no repository of `{server}`, which has {listing(repositories) or 'none'}",
            help,
        )
    if not bucket_uri.has_key:
        return f"`{uri}` is a repository, and names no branch of it", f"begin with `{uri}/main/`"
    return None


def _related(name: str, similar: str) -> bool:
    """Whether one name is the other name with a number or word appended, such as `models-2`."""
    short, long = sorted((name, similar), key=len)
    return long.startswith(short) and not long.removeprefix(short).isalpha()


def _owners(bucket: str, graph: Graph, contents: StoreContents) -> Iterator[str]:
    """Instances that give a workload the bucket if it adds them to `uses`."""
    yield from (name for name, buckets in contents.repositories.items() if bucket in buckets)
    for binding in graph.bindings:
        offers = graph.offers[binding.consumer.name].values()
        claimed = isinstance(binding.claim, s3.Claim) and bucket in binding.claim.buckets
        if claimed and any(binding.requires in offer.requires_of_clients for offer in offers):
            yield binding.consumer.name
