"""Move the keys of a Redis to a Valkey, or to another server of the protocol.

Snapshots, replication and DUMP carry the number of a format, which Valkey 9 and Redis 8 refuse of each
other, so every key is read and written by the commands of its type.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from compiler import kube, model
from compiler.interfaces import redis
from compiler.model import Env
from compiler.spec import quantity
from compiler.tenants.move_kind import SIDES, Claims, MoveKind, slot

MARK = "platformc:move"  # a key: how far the move is


def names(claims: Sequence[model.Binding]) -> tuple[str, ...]:
    """All keys, because the keys of single clients overlap."""
    return ("*",) if claims else ()


def claims(names: Sequence[str], claims: Sequence[model.Binding]) -> Claims:
    """The claims of the Job on the old and on the new server."""
    return {side: {slot(redis.Endpoint, side): redis.Claim()} for side in SIDES}


def unfit(offer: model.Offer) -> str:
    """Why the Job cannot speak to a server; empty where it can."""
    mode = offer.mode if isinstance(offer, redis.Offer) else "single"
    return "" if mode == "single" else f"the Job asks one server, and this one is of `mode: {mode}`"


def room(specs: Sequence[Any]) -> str:
    """Local disk for the commands that make all keys, and for lists of digests."""
    memory = [quantity.in_bytes(spec.memory) for spec in specs if hasattr(spec, "memory")]
    return quantity.binary(3 * max(memory, default=quantity.GIB))


def env(me: model.Instance[Any], wiring: model.Wiring) -> list[Env]:
    return [
        *(
            Env(f"{side.upper()}_PASSWORD", wiring[slot(redis.Endpoint, side)].password)
            for side in SIDES
        ),
        Env("HOME", kube.TMP),
    ]


def files(me: model.Instance[Any], wiring: model.Wiring) -> Mapping[str, str]:
    sides = {side: wiring[slot(redis.Endpoint, side)] for side in SIDES}
    text = kube.render(
        __file__, "move-keys.sh.j2", mark=MARK, sides=list(sides.items()),
        old=sides["from"].binding.provider.name, new=sides["to"].binding.provider.name,
    )  # fmt: skip
    scripts = {
        name: kube.render(__file__, f"move-{name}.j2", mark=MARK)
        for name in ("keys.lua", "empty.lua")
    }
    return {"move.sh": text, **scripts}


KIND = MoveKind(names=names, claims=claims, room=room, env=env, files=files, unfit=unfit)
