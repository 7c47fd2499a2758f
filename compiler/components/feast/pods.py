"""The pods of Feast: the servers, the Job that applies definitions, the CronJobs that materialize
views.

All of them bind to the loopback by default, and run as any user if /tmp is writable.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from compiler import kube, model
from compiler.components.feast import metrics
from compiler.components.feast.spec import REPOSITORY, Materialize, Spec
from compiler.interfaces import feature_store, postgresql, redis
from compiler.model import Env
from compiler.spec.duration import seconds

PORT, REGISTRY_PORT, OFFLINE_PORT = 6566, 6570, 8815
# The copy of the definitions. A volume at their place in an image would hide them.
COPY = f"{kube.TMP}/repository"


class Pods(Struct, frozen=True):
    """The common parts of the pods of an instance: file, image, and the stores whose keys they have."""

    me: model.Instance[Spec]
    stores: feature_store.Stores
    project: feature_store.Project
    opened: tuple[model.Endpoint, ...]

    def opening(self, *stores: model.Endpoint | None) -> Pods:
        """The same pods, with only the keys of these stores."""
        return replace(self, opened=tuple(store for store in stores if store is not None))

    def reading(self, registry: postgresql.Endpoint) -> Pods:
        """The same pods, with another login of the registry."""
        return replace(self, stores=replace(self.stores, registry=registry))

    def serving(self, online: redis.Endpoint) -> Pods:
        """The same pods, with another login of the online store."""
        stores = replace(self.stores, online=online)
        opened = tuple(online if store is self.stores.online else store for store in self.opened)
        return replace(self, stores=stores, opened=opened)

    @property
    def client(self) -> kube.Client:
        """The client environment for the data lake, if these pods open it."""
        return kube.client(self.me, [store for store in self.opened if store is self.stores.lake])

    def config(self) -> model.ConfigFiles:
        """The file, and Python modules that Feast's image lacks for data on the object store."""
        files = {feature_store.FILE: self.stores.file(self.project)}
        if self.stores.lake is not None:
            files["sitecustomize.py"] = kube.render(__file__, "sitecustomize.py.j2")
            for name in (feature_store.ARROW, *self.stores.modules(self.project)):
                files[f"{name}.py"] = feature_store.module(name)
        return model.ConfigFiles(self.me.name, self.me.namespace, files)

    def container(
        self, name: str, command: Sequence[str], memory: int, amounts: model.Resources | None = None
    ) -> kube.Container:
        """A container of Feast's image, with `memory` in MiB and these amounts, or the instance's."""
        return kube.Container(
            name,
            self.me.spec.image,
            kube.resources(
                amounts or self.me.spec.resources, cpu="250m", memory=f"{memory}Mi", cpu_limit="2",
                memory_limit=f"{2 * memory}Mi",
            ),
            command=command,
            env=[
                Env("HOME", kube.TMP),
                Env("PYTHONDONTWRITEBYTECODE", "1"),
                Env("PYTHONPATH", feature_store.FOLDER),
                Env("FEAST_FS_YAML_FILE_PATH", feature_store.PATH),
                *self.client.env,
                *(self.stores.trust() if self.stores.lake in self.opened else ()),
                *self.stores.logins(self.opened),
            ],
        )  # fmt: skip

    def await_schema(self) -> kube.Container:
        """Waits for the tables: servers exit if the Job has not created them yet."""
        script = kube.render(__file__, "await_schema.py.j2")
        registry_pods = self.opening(self.stores.registry)
        return registry_pods.container("schema", ["python", "-c", script], 512)

    def template(
        self, role: str, container: kube.Container, *, init: Sequence[kube.Container] = (),
        volumes: Sequence[kube.Volume] = (), restart: str | None = None, spread: bool = False,
    ) -> model.Manifest:  # fmt: skip
        return kube.pod(
            self.me,
            role,
            [container],
            init=init,
            user=kube.USER,
            volumes=[
                kube.config(self.me.name, feature_store.FOLDER),
                *self.client.volumes,
                *volumes,
            ],
            uses=self.stores.all_stores,  # all stores that the file names
            restart=restart,
            spread=spread,
        )


def servers(me: model.Instance[Spec], pods: Pods, backend_pods: Pods) -> Iterator[model.Piece]:
    """The feature server; for remote clients, also the registry server and the offline server.

    The latter two may have another login.
    """
    spec = me.spec
    # Measured on 0.67.0: some 200 MiB for each process before it has served anything.
    server = replace(
        pods.container("feast", _serve(spec), 256 + 256 * spec.workers),
        ports={"http-feast": PORT},
        startup=kube.http_probe("/health", "http-feast", failures=30),
        readiness=kube.http_probe("/health", "http-feast"),
        # Not /health: it fails with the registry, which no restart would repair.
        liveness=kube.tcp_probe("http-feast", period=20, failures=6),
    )
    template = pods.template("server", server, init=[pods.await_schema()], spread=spec.replicas > 1)
    yield kube.deployment(me, "server", template, replicas=spec.replicas, step=1)
    yield kube.service(me, "server", {"http-feast": PORT})
    yield metrics.of(me)
    if spec.clients == "remote":
        stores = backend_pods.stores
        registry = ["feast", "serve_registry", "--port", str(REGISTRY_PORT)]
        registry_pods = backend_pods.opening(stores.registry)
        yield from _backend(me, registry_pods, "registry", registry, "grpc-registry", REGISTRY_PORT)
        offline = [
            "feast",
            "serve_offline",
            "--host",
            kube.EVERY_ADDRESS,
            "--port",
            str(OFFLINE_PORT),
        ]
        reading = backend_pods.opening(stores.registry, stores.lake, stores.warehouse)
        yield from _backend(me, reading, "offline", offline, "grpc-offline", OFFLINE_PORT)


def _serve(spec: Spec) -> list[str]:
    return [
        "feast", "serve",
        "--host", kube.EVERY_ADDRESS,
        "--port", str(PORT),
        "--workers", str(spec.workers),
        "--no-access-log",
    ]  # fmt: skip


def _backend(
    me: model.Instance[Spec], pods: Pods, role: str, command: list[str], port: str, number: int
) -> Iterator[model.Piece]:
    container = replace(
        pods.container(role, command, 512),
        ports={port: number},
        startup=kube.tcp_probe(port, failures=30),
        readiness=kube.tcp_probe(port),
        liveness=kube.tcp_probe(port, period=20, failures=6),
    )
    name = f"{me.name}-{role}"
    template = pods.template(role, container, init=[pods.await_schema()])
    yield kube.deployment(me, role, template, replicas=1, name=name, step=1)
    yield kube.service(me, role, {port: number}, name=name)


def apply(me: model.Instance[Spec], pods: Pods) -> Iterator[model.Piece]:
    """The Job that creates the registry's tables, and applies the repository if there is one."""
    repository = me.spec.repository
    if repository is None:
        pods = pods.opening(pods.stores.registry)
    script = kube.render(__file__, "apply.sh.j2", repository=repository, path=REPOSITORY, copy=COPY)
    container = pods.container("apply", ["sh", "-c", script], 512)
    if repository is not None:
        container = replace(container, env=[*container.env, *pods.stores.locations()])
    init: list[kube.Container] = []
    volumes: list[kube.Volume] = []
    if repository is not None and repository.image is not None:
        copy = f"cp -R {repository.path}/. {COPY}/"
        init = [kube.Container("repository", repository.image, container.resources,
                               command=["sh", "-c", copy])]  # fmt: skip
        volumes = [kube.empty_dir("repository", COPY)]
    elif repository is not None:
        name = f"{me.name}-repository"
        yield model.ConfigFiles(name, me.namespace, dict(sorted(repository.files.items())))
        volumes = [kube.config(name, REPOSITORY)]
    template = pods.template("apply", container, init=init, volumes=volumes, restart="OnFailure")
    yield kube.job(me, f"{me.name}-apply", template)


def materialize(
    me: model.Instance[Spec], name: str, run: Materialize, pods: Pods
) -> model.Resource:
    script = kube.render(__file__, "materialize.sh.j2", views=run.views)
    container = pods.container("materialize", ["sh", "-c", script], 1024, run.resources)
    template = pods.template("materialize", container, restart="Never")
    return kube.cron_job(
        me,
        template,
        name=f"{me.name}-{name}",
        schedule=run.schedule,
        deadline=seconds(run.timeout),
        retries=1,
        step=2,
    )
