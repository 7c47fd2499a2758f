"""A drill of the archive: a CronJob restores it in its own pod, without any right at the API server, and reads it to its end.

It does what the plugin's restore does (plugin-barman-cloud 0.14.0, internal/cnpgi/restore): the newest
base backup that is complete, by `barman-cloud-restore`, then the log, by `barman-cloud-wal-restore`. The images with
`system` in their tag are those with `standard` and Barman 3.19.1 (postgres-containers, Dockerfile of
August 2026); upstream removes them when CloudNativePG has no Barman of its own any more.

PostgreSQL takes any status of its `restore_command` up to 125 for the end of the log, and what a server ran
with (its files of settings, its libraries, its sockets) is in the backup: the pod has settings of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from compiler import kube, model
from compiler.components.bases import backup, postgres
from compiler.components.cloudnative_pg import backups, logins
from compiler.interfaces import postgresql, s3
from compiler.model import Env
from compiler.spec import quantity
from compiler.spec.quantity import GIB

ARCHIVE = model.Requires(s3.DRILL, s3.Endpoint)
USER = 26  # `postgres` of CloudNativePG's images
SCRIPTS, FOLDER = "/etc/platformc", "/restored"
# Besides the files of the server: the log that waits for its replay, which its disk has next to them too.
REPLAY = GIB
SCRATCH = GIB  # the pod's /tmp and its output


def claims(me: model.Instance[Any], plan: backups.Plan) -> model.Claims:
    """A key that reads the archive and changes nothing; at the store of the backups, whichever that is."""
    if plan.drill is None:
        return {}
    provider = me.spec.bind.get(s3.COPIES) or plan.provider
    part = f"/{plan.archive}"
    return {ARCHIVE: s3.Claim(buckets=(plan.bucket,), provider=provider, read_only=True, part=part)}


def room(storage: str) -> int:
    """The disk on which the server of a drill runs."""
    return quantity.in_bytes(storage) + REPLAY


def image(me: model.Instance[Any], plan: backups.Plan) -> str:
    """The cluster's image, of the kind that has Barman where the tag names another kind."""
    if plan.drill_image:
        return plan.drill_image
    written: str = me.spec.image
    tagged = written.partition("@")[0]
    with_barman = re.sub(r"(:[\w.-]*-)(minimal|standard)(?=-|$)", r"\1system", tagged)
    return written if with_barman == tagged else with_barman


def lower(
    me: model.Instance[Any], plan: backups.Plan, store: s3.Endpoint, bindings: Sequence[postgresql.Binding],
    connections: int,
) -> Iterator[model.Piece]:  # fmt: skip
    """The CronJob with its scripts. Its memory is that of a server of the cluster."""
    name, client = f"{me.name}-drill", kube.client(me, [store])
    yield from client.configs
    yield model.ConfigFiles(name, me.namespace, _files(me, plan, store, bindings, connections))
    container = kube.Container(
        "drill", image(me, plan), _resources(me, connections), command=["sh", f"{SCRIPTS}/drill.sh"],
        env=(
            *client.env, *kube.user_env("postgres"),
            Env("PGHOST", FOLDER), Env("PGUSER", "postgres"), Env("PGDATA", f"{FOLDER}/data"),
        ),
    )  # fmt: skip
    template = kube.pod(
        me, "drill", [container], user=USER, restart="Never", uses=client.endpoints,
        volumes=[
            *client.volumes,
            kube.config(name, SCRIPTS),
            kube.empty_dir("restored", FOLDER, quantity.binary(room(me.spec.storage))),
        ],
    )  # fmt: skip
    # The account with the cluster's name is the operator's, with rights at the API server.
    template["spec"]["serviceAccountName"] = name
    yield kube.cron_job(
        me, template, schedule=plan.drill, retries=1, name=name, step=2,
        deadline=backup.longest_run(quantity.in_bytes(me.spec.storage)),
        latest_start=backup.latest_start(plan.drill),
    )  # fmt: skip


def _resources(me: model.Instance[Any], connections: int) -> model.Manifest:
    server = postgres.resources(me.spec, connections)
    disk = quantity.binary(room(me.spec.storage) + SCRATCH)
    return kube.resources(
        model.Resources(), cpu="100m", memory=server["requests"]["memory"], cpu_limit=server["limits"]["cpu"],
        memory_limit=server["limits"]["memory"], disk=disk, disk_limit=disk,
    )  # fmt: skip


def _files(
    me: model.Instance[Any], plan: backups.Plan, store: s3.Endpoint, bindings: Sequence[postgresql.Binding],
    connections: int,
) -> dict[str, str]:  # fmt: skip
    memory = postgres.resources(me.spec, connections)["limits"]["memory"]
    words = {
        "name": me.name, "namespace": me.namespace, "archive": plan.archive, "bucket": store.bucket,
        "where": f"--cloud-provider aws-s3 --endpoint-url {store.url} s3://{store.bucket}/ {plan.archive}",
        "longest": backups.longest_age(plan, me.spec.storage), "scripts": SCRIPTS, "folder": FOLDER,
        "databases": logins.databases(bindings),
        "filled": sorted({login.claim.database for login in bindings if login.claim.creates_tables}),
        "roles": [role["name"] for role in logins.roles(tuple(bindings))],
        "plugin": backups.PLUGIN,
        "parameters": postgres.parameters(connections, memory, me.spec.storage),
    }  # fmt: skip
    templates = ("drill.sh", "fetch-wal.sh", "newest.py", "drill.conf")
    return {file: kube.render(__file__, f"{file}.j2", **words) for file in templates}
