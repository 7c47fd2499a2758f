"""Build containers that are locked down and have their variables in order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec import Struct, field

from compiler.kube.security import LOCKED
from compiler.kube.volumes import TMP, Volume
from compiler.model.manifest import Manifest
from compiler.model.resource import Env, SecretRef
from compiler.spec.component import RunningSpec, SecretKey
from compiler.spec.tenant import TenantSpec
from compiler.spec.transformer import Transformer


class Container(Struct, frozen=True):
    """One container. `env` keeps its order, because later values may refer to earlier ones."""

    name: str
    image: str
    resources: Manifest
    command: Sequence[str] = ()
    args: Sequence[str] = ()
    env: Sequence[Env] = ()
    ports: Mapping[str, int] = field(default_factory=dict)
    startup: Manifest | None = None
    readiness: Manifest | None = None
    liveness: Manifest | None = None
    pre_stop: Manifest | None = None
    writable_root: bool = False
    folder: str | None = None  # the folder in which the program starts; None for the image's

    def manifest(self, volumes: Iterable[Volume]) -> Manifest:
        manifest: Manifest = {"name": self.name, "image": self.image}
        if self.command:
            manifest["command"] = list(self.command)
        if self.args:
            manifest["args"] = list(self.args)
        if self.folder:
            manifest["workingDir"] = self.folder
        if self.ports:
            manifest["ports"] = [
                {"name": name, "containerPort": port} for name, port in self.ports.items()
            ]
        env = unique(self.env)
        if env:
            manifest["env"] = [variable.manifest() for variable in env]
        manifest["resources"] = self.resources
        mounts = [volume.mount() for volume in volumes]
        if mounts:
            manifest["volumeMounts"] = mounts
        for key, probe in (
            ("livenessProbe", self.liveness),
            ("readinessProbe", self.readiness),
            ("startupProbe", self.startup),
        ):
            if probe is not None:
                manifest[key] = probe
        if self.pre_stop is not None:
            manifest["lifecycle"] = {"preStop": self.pre_stop}
        manifest["securityContext"] = {**LOCKED, "readOnlyRootFilesystem": not self.writable_root}
        return manifest


def pulled(container: Manifest, policy: str) -> Manifest:
    """A container with the platform's pull policy directly after its image."""
    image = container.get("image")
    if image is None:  # an operator adds it
        return container
    rest = {key: value for key, value in container.items() if key not in ("name", "image")}
    named = {"name": container["name"]} if "name" in container else {}
    return {**named, "image": image, "imagePullPolicy": policy, **rest}


def user_env(name: str) -> tuple[Env, ...]:
    """Variables that give a program its user name and home.

    An image has no passwd entry for the user that runs it: `getpass.getuser()` and the libraries
    that call it fail without these variables. The home is the only folder that can be written to.
    """
    return (Env("HOME", TMP), Env("LOGNAME", name), Env("USER", name))


def own_env(spec: TenantSpec | RunningSpec | Transformer) -> Iterator[Env]:
    """The variables that the user wrote, sorted by name."""
    for name, value in sorted(spec.env.items()):
        if isinstance(value, SecretKey):
            yield Env(name, SecretRef(value.secret, value.key))
        else:
            yield Env(name, value)


def name_env(name: str) -> tuple[Env, ...]:
    """The variables of `user_env` without HOME, for an image whose home has files of its own."""
    return tuple(variable for variable in user_env(name) if variable.name != "HOME")


def unique(env: Iterable[Env]) -> tuple[Env, ...]:
    """Each variable once.

    Two different values for one name are a bug: `resolve/uses.py` reports providers that conflict, and
    `rules/reserved_variable.py` reports the user's variables.
    """
    variables_by_name: dict[str, Env] = {}
    for variable in env:
        if variables_by_name.setdefault(variable.name, variable) != variable:
            raise ValueError(f"two values for {variable.name}")
    return tuple(variables_by_name.values())


def suffix(secret: str) -> str:
    """The suffix of the variables of one login among several, from its Secret: `MLFLOW_ARTIFACTS`.

    A number would change, and restart pods, with every login that is added or removed before it. No two
    Secrets have the same suffix: all letters of a name become capitals, so `_dot_` can only mean a dot.
    """
    return "_dot_".join(secret.upper().replace("-", "_").split("."))
