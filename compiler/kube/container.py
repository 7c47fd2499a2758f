"""Containers: locked down, their variables in order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct, field

from compiler.kube.security import LOCKED
from compiler.kube.volumes import TMP, Volume
from compiler.model.resource import Env, Manifest


class Container(Struct, frozen=True):
    """One container; `env` keeps its order, since later values may read earlier ones."""

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

    def manifest(self, volumes: Iterable[Volume]) -> Manifest:
        made: Manifest = {"name": self.name, "image": self.image}
        if self.command:
            made["command"] = list(self.command)
        if self.args:
            made["args"] = list(self.args)
        if self.ports:
            made["ports"] = [
                {"name": name, "containerPort": port} for name, port in self.ports.items()
            ]
        env = unique(self.env)
        if env:
            made["env"] = [one.manifest() for one in env]
        made["resources"] = self.resources
        mounts = [volume.mount() for volume in volumes]
        if mounts:
            made["volumeMounts"] = mounts
        for key, probe in (
            ("livenessProbe", self.liveness),
            ("readinessProbe", self.readiness),
            ("startupProbe", self.startup),
        ):
            if probe is not None:
                made[key] = probe
        if self.pre_stop is not None:
            made["lifecycle"] = {"preStop": self.pre_stop}
        made["securityContext"] = {**LOCKED, "readOnlyRootFilesystem": not self.writable_root}
        return made


def user_env(name: str) -> tuple[Env, ...]:
    """Who a program is told it is where no passwd file knows its user: `getpass.getuser()` and the
    libraries that call it fail otherwise. The home is the one place that can be written to.
    """
    return (Env("HOME", TMP), Env("LOGNAME", name), Env("USER", name))


def unique(env: Iterable[Env]) -> tuple[Env, ...]:
    """Each variable once. Two values for one name are the caller's mistake."""
    seen: dict[str, Env] = {}
    for one in env:
        if seen.setdefault(one.name, one) != one:
            raise ValueError(f"two values for {one.name}")
    return tuple(seen.values())
