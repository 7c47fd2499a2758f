"""Resolve `spec.move`: add the Job that copies, and the clients' logins at the side without clients."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from compiler.diagnostics.words import listing, suggestion
from compiler.model.binding import Binding
from compiler.model.instance import Instance
from compiler.model.package import Platform
from compiler.resolve.join import Candidate, Join
from compiler.resolve.name_problems import report_taken_name
from compiler.spec.component import RunningSpec
from compiler.spec.move import Move
from compiler.tenants import move as tenant

_BY_HAND = "stop the clients, copy by hand, then name the new one under their `bind` or `uses`"


class Addition(Struct, frozen=True):
    """The Job and the bindings that `spec.move` adds to a graph."""

    job: Instance[Any]
    bindings: tuple[Binding, ...]
    mirrored: tuple[Binding, ...]


def addition(
    platform: Platform, join: Join, bindings: Mapping[str, Iterable[Binding]]
) -> Addition | None:
    """The Job of a move with its bindings; None without a move, and where it is reported as unfit."""
    move = platform.settings.move
    if move is None or {move.from_, move.to} & join.wrong.keys():
        return None
    sides = _sides(join, move, bindings)
    if sides is None:
        return None
    clients = _clients(move, sides, bindings)
    spec = _spec_of_job(join, move, sides, clients)
    if spec is None:
        return None
    job = _job(platform, spec)
    kind = tenant.KINDS[sides["from"].provides.endpoint]
    claims = kind.claims(spec.names, clients)
    return Addition(
        job,
        tuple(
            Binding(job, requires, side.provider, side.provides, claim, side.offer)
            for name, side in sides.items()
            for requires, claim in claims[name].items()
        ),
        tuple(_mirrored(clients, sides["from" if move.cut_over else "to"])),
    )  # fmt: skip


def _spec_of_job(
    join: Join, move: Move, sides: Mapping[str, Candidate], clients: list[Binding]
) -> tenant.Spec | None:
    """The section of the Job; None if it cannot copy the data, which is reported."""
    kind = tenant.KINDS[sides["from"].provides.endpoint]
    for key, side in sides.items():
        if reason := kind.unfit(side.offer):
            _report(join, key, f"`{side.provider.name}` cannot be moved: {reason}", _BY_HAND)
            return None
    names = kind.names(clients)
    image = move.image or kind.image or _image(sides)
    if not names:
        _report(join, "from", f"nothing uses `{move.active}`, so there is nothing to move",
                "delete `move`, or bind the clients to it")  # fmt: skip
    elif image is None:
        _report(join, "to", "neither server is the platform's, so no image has their programs",
                "add `image:` with the newer server's programs")  # fmt: skip
    elif tenant.NAME in join.instances:
        instance = join.instances[tenant.NAME]
        report_taken_name(instance, "the Job of `spec.move`", join.document, join.report)
    else:
        return tenant.Spec(
            image=image, interface=sides["from"].provides.endpoint.interface, names=names,
            room=kind.room([sides[key].provider.spec for key in ("from", "to")]),
            unceasing=kind.unceasing(clients),
        )  # fmt: skip
    return None


def _job(platform: Platform, spec: tenant.Spec) -> Instance[Any]:
    settings = platform.settings
    return Instance(
        tenant.NAME, tenant.SECTION, tenant.NAME, settings.namespace, spec, platform.name, settings,
        declared=("spec", "move"),
    )  # fmt: skip


def _sides(
    join: Join, move: Move, bindings: Mapping[str, Iterable[Binding]]
) -> dict[str, Candidate] | None:
    """The offers of both instances of a move, by the keys `from` and `to`; None if they are unfit."""
    for key, name in (("from", move.from_), ("to", move.to)):
        if name not in join.instances or join.instances[name].section != "components":
            names = sorted(
                name for name in join.client_offers if join.instances[name].section == "components"
            )
            _report(join, key, f"there is no component `{name}`",
                    suggestion(name, names) or f"the components are {listing(names)}")  # fmt: skip
            return None
    old, new = _offers(join, move.from_), _offers(join, move.to)
    for interface in old.keys() & new.keys():
        pair = {"from": old[interface], "to": new[interface]}
        if all(side.provides.endpoint in tenant.KINDS for side in pair.values()):
            return pair
    _unfit(join, move, old, new, bindings.get(move.from_, ()))
    return None


def _offers(join: Join, name: str) -> dict[str, Candidate]:
    """The offers of an instance that hold data, by their interfaces."""
    return {
        provides.endpoint.interface: Candidate(join.instances[name], provides, offer)
        for provides, offer in join.offers[name].items()
        if provides.forwards is None
    }


def _unfit(
    join: Join, move: Move, old: Mapping[str, Candidate], new: Mapping[str, Candidate],
    stores: Iterable[Binding],
) -> None:  # fmt: skip
    """Report why no data can move; `stores` are the bindings of the old instance to its providers."""
    common = sorted(old.keys() & new.keys())
    help = _BY_HAND
    holders = {
        binding.final.provider.name
        for binding in stores
        if binding.final.provides.endpoint in tenant.KINDS
    }
    if not common:
        message = f"`{move.to}` offers {listing(new) or 'nothing'}, and `{move.from_}` {listing(old) or 'nothing'}"
        help = "name an instance that offers the same"
    elif holders:
        message = f"`{move.from_}` keeps its data in {listing(holders)}, and not itself"
        help = f"move {listing(holders)}, one after the other: `{move.from_}` follows its data"
    else:
        message = f"`{move.from_}` and `{move.to}` both offer `{common[0]}`, and no Job can copy between them"
    _report(join, "to", message, help)


def _report(join: Join, key: str, message: str, help: str | Iterable[str]) -> None:
    path = ("spec", "move", key)
    join.report.add(
        "unfit-move", message, join.document.value_span(path), path=path,
        help=help if isinstance(help, str) else list(help),
    )  # fmt: skip


def _clients(
    move: Move, sides: Mapping[str, Candidate], bindings: Mapping[str, Iterable[Binding]]
) -> list[Binding]:
    """The bindings to the side with the clients, without consumers that the spec itself binds to `to`."""
    active = sides["to" if move.cut_over else "from"]
    return [
        binding
        for _, of_consumer in sorted(bindings.items())
        for binding in of_consumer
        if (binding.provider.name, binding.provides) == (move.active, active.provides)
        and not (
            move.cut_over
            and move.to
            in (binding.consumer.spec.bind.get(binding.requires.slot), binding.claim.provider)
        )
    ]


def _mirrored(clients: Iterable[Binding], standby: Candidate) -> Iterable[Binding]:
    for binding in clients:
        yield replace(
            binding, provider=standby.provider, provides=standby.provides, offer=standby.offer
        )


def _image(sides: Mapping[str, Candidate]) -> str | None:
    """The image of the new server, whose programs also read the old server; else the old image."""
    specs = (sides[key].provider.spec for key in ("to", "from"))
    return next(
        (spec.image for spec in specs if isinstance(spec, RunningSpec) and spec.image), None
    )
