"""Move the buckets of an object store to another one, with rclone (1.60 and 1.71)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from compiler import kube, model
from compiler.interfaces import s3
from compiler.model import Env
from compiler.spec.backup import RCLONE
from compiler.tenants.move_kind import SIDES, Claims, MoveKind, slot


def names(claims: Sequence[model.Binding]) -> tuple[str, ...]:
    """All buckets that the clients claim."""
    return tuple(s3.buckets(cast("Sequence[s3.Binding]", claims)))


def unceasing(claims: Sequence[model.Binding]) -> tuple[str, ...]:
    """The buckets that cannot be frozen, so that both copies of them are never the same."""
    unending = [claim for claim in cast("Sequence[s3.Binding]", claims) if claim.claim.unceasing]
    return tuple(s3.buckets(unending))


def claims(names: Sequence[str], claims: Sequence[model.Binding]) -> Claims:
    """The claims of the Job on the old and on the new store."""
    claim = s3.Claim(buckets=tuple(names), shared=True)
    return {side: {slot(s3.Endpoint, side): claim} for side in SIDES}


def room(specs: Sequence[Any]) -> str:
    """Local disk for the lists of objects."""
    return "4Gi"


def env(me: model.Instance[Any], wiring: model.Wiring) -> list[Env]:
    return [
        *(env for side in SIDES for env in wiring[slot(s3.Endpoint, side)].rclone(side.upper())),
        Env("RCLONE_CONFIG", f"{kube.TMP}/rclone.conf"),
        Env("RCLONE_S3_NO_CHECK_BUCKET", "true"),
        Env("RCLONE_LOG_LEVEL", "ERROR"),
        Env("HOME", kube.TMP),
    ]


def files(me: model.Instance[Any], wiring: model.Wiring) -> Mapping[str, str]:
    sides = {side: wiring[slot(s3.Endpoint, side)] for side in SIDES}
    text = kube.render(
        __file__, "move-buckets.sh.j2", unceasing=me.spec.unceasing,
        buckets=[name for name in me.spec.names if name not in me.spec.unceasing],
        authorities=[side.authority for side in sides.values() if side.authority],
        late=[f"{name}:{bucket}" for name, side in sides.items()
              if side.offer.late_rights for bucket in me.spec.names],
        old=sides["from"].binding.provider.name, new=sides["to"].binding.provider.name,
    )  # fmt: skip
    return {"move.sh": text}


KIND = MoveKind(
    names=names, unceasing=unceasing, claims=claims, room=room, env=env, files=files, image=RCLONE
)
