"""lakeFS' collector: frees the objects that no branch has had for some days.

lakeFS itself deletes no object. Its collector is a Spark program: it asks lakeFS which commits are
still kept by a repository's rules, reads their objects from the bucket, and deletes all others that
are older than a day (lakeFS 1.84, clients/spark, client 0.22: `io.treeverse.gc.GarbageCollection`).
It is published as a file and in no image, so the user builds one from Spark's.

Both keys stay in variables: the Spark properties, which Spark writes to logs and shows in its page, have
`${env.NAME}` in their place, which Hadoop's Configuration replaces when it reads a value (HADOOP-9642).
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any

from pydantic import Field

from compiler import kube, model
from compiler.interfaces import lakefs, s3
from compiler.model import Env, SecretRef
from compiler.spec import quantity
from compiler.spec.constraints import Exact
from compiler.spec.types import Image, Memory, Schedule

# `spark` of the image `apache/spark`: Hadoop looks up the name of its user, and ends without one.
USER = 185
FOLDER = "/etc/lakefs-gc"
# In the image. Spark's folder `jars` would be wrong: the file holds other releases of Spark's own libraries (Jackson, Netty),
# and of that folder Java takes whichever comes first on the disk. Of an application Spark takes its own first.
COLLECTOR = "/opt/lakefs/collector.jar"
CORES = 2
# The rest is Java's own and that of the libraries in C.
HEAP = 0.6
DEADLINE = 24 * 3600
LAKEFS_KEY, LAKEFS_SECRET = "LAKEFS_ACCESS_KEY_ID", "LAKEFS_SECRET_ACCESS_KEY"

Days = Annotated[str, Exact(r"[1-9][0-9]{0,3}d")]
Branch = Annotated[str, Exact(r"\w[\w-]*")]
Branches = dict[Branch, Days]
BRANCHES = "Days for branches by name, like `{dev: 7d}`."


class Retention(model.Section):
    """What differs from `gc` in a repository."""

    older_than: Days | None = Field(default=None, description="Its own days, like `90d`.")
    branches: Branches = Field(default={}, description=BRANCHES)


class Collector(model.Section):
    """When objects that no branch has any more are deleted."""

    image: Image = Field(
        description="Spark with lakeFS' collector, an image that you build: "
        "docs/how-to/lakefs-gc.md has its Dockerfile."
    )
    schedule: Schedule = Field(default="0 3 * * 0", description="A cron expression, in UTC.")
    older_than: Days = Field(
        default="30d", description="How long objects stay after their deletion, like `30d`."
    )
    branches: Branches = Field(default={}, description=BRANCHES)
    memory: Memory = Field(default="2Gi", description="The collector's memory limit.")


def rules(gc: Collector, repository: Retention | None) -> str:
    """The rules of a repository, as lakeFS takes them."""
    override = repository or Retention()
    branches = {**gc.branches, **override.branches}
    body = {
        "default_retention_days": _number(override.older_than or gc.older_than),
        "branches": [
            {"branch_id": name, "retention_days": _number(days)}
            for name, days in sorted(branches.items())
        ],
    }
    return json.dumps(body, indent=2) + "\n"


def _number(days: str) -> int:
    return int(days.removesuffix("d"))


def lower(
    me: model.Instance[Any], gc: Collector, store: s3.Endpoint,
    repositories: Mapping[str, Retention | None], port: int,
) -> Iterator[model.Piece]:  # fmt: skip
    """The CronJob: an init container sets the rules, then Spark collects one repository at a time."""
    name = f"{me.name}-gc"
    names = sorted(repositories)
    files = {f"{repository}.json": rules(gc, repositories[repository]) for repository in names}
    files["rules.sh"] = kube.render(__file__, "gc-rules.sh.j2", folder=FOLDER, repositories=names)
    files["collect.sh"] = kube.render(
        __file__, "gc-collect.sh.j2", folder=FOLDER, repositories=names, region=store.region,
        authority=store.authority, collector=COLLECTOR,
    )  # fmt: skip
    files["spark.properties"] = kube.render(
        __file__, "gc-spark.properties.j2", store=store, api=f"http://{me.host()}:{port}/api/v1",
        heap=quantity.in_bytes(gc.memory) * HEAP // quantity.MIB, cores=CORES, tmp=kube.TMP,
        keys={
            "lakefs.api.access_key": LAKEFS_KEY, "lakefs.api.secret_key": LAKEFS_SECRET,
            "fs.s3a.access.key": s3.ACCESS_KEY, "fs.s3a.secret.key": s3.SECRET_KEY,
        },
    )  # fmt: skip
    yield model.ConfigFiles(name, me.namespace, files)
    yield model.InternalTraffic("gc", "server", (port,))
    template = kube.pod(
        me, "gc", [_collect(me, gc, store)], init=[_rules(me, port)], user=USER, restart="Never",
        uses=[store], volumes=[kube.config(name, FOLDER)],
    )  # fmt: skip
    yield kube.cron_job(
        me, template, schedule=gc.schedule, deadline=DEADLINE, retries=1, name=name, step=2
    )


def _rules(me: model.Instance[Any], port: int) -> kube.Container:
    env = [
        Env("HOME", kube.TMP),
        Env("LAKECTL_SERVER_ENDPOINT_URL", f"http://{me.host()}:{port}"),
        *_admin(me, "LAKECTL_CREDENTIALS_ACCESS_KEY_ID", "LAKECTL_CREDENTIALS_SECRET_ACCESS_KEY"),
    ]
    resources = kube.resources(
        model.Resources(), cpu="50m", memory="128Mi", cpu_limit="1", memory_limit="512Mi"
    )
    return kube.Container(
        "rules", me.spec.image, resources, command=["sh", f"{FOLDER}/rules.sh"], env=env
    )


def _collect(me: model.Instance[Any], gc: Collector, store: s3.Endpoint) -> kube.Container:
    env = [
        *kube.user_env("spark"),
        *_admin(me, LAKEFS_KEY, LAKEFS_SECRET),
        Env(s3.ACCESS_KEY, store.secret_key(s3.ACCESS_KEY)),
        Env(s3.SECRET_KEY, store.secret_key(s3.SECRET_KEY)),
    ]
    resources = kube.resources(
        model.Resources(), cpu="500m", memory=gc.memory, cpu_limit=str(CORES),
        memory_limit=gc.memory, disk="1Gi", disk_limit="8Gi",
    )  # fmt: skip
    return kube.Container(
        "collect", gc.image, resources, command=["sh", f"{FOLDER}/collect.sh"], env=env
    )


def _admin(me: model.Instance[Any], key: str, secret: str) -> Sequence[Env]:
    admin = lakefs.admin(me)
    return (Env(key, SecretRef(admin, s3.ACCESS_KEY)), Env(secret, SecretRef(admin, s3.SECRET_KEY)))
