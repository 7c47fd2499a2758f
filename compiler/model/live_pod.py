"""Read a pod of a live workload for `adopt`: its variables, arguments and volumes."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from compiler.model.manifest import Manifest


class LivePod(Struct, frozen=True):
    """The pod template of a Deployment or StatefulSet of a cluster."""

    containers: tuple[Manifest, ...]
    volumes: tuple[Manifest, ...]
    user: int | None  # the user of its containers, if the pod sets one

    @classmethod
    def of(cls, workload: Manifest) -> LivePod:
        spec = workload["spec"]["template"]["spec"]
        contexts = [spec.get("securityContext") or {}]
        contexts += [container.get("securityContext") or {} for container in spec["containers"]]
        users = [context["runAsUser"] for context in contexts if "runAsUser" in context]
        return cls(
            tuple(spec["containers"]),
            tuple(spec.get("volumes") or ()),
            users[-1] if users else None,
        )

    @property
    def env(self) -> Mapping[str, str]:
        """The variables with a literal value; values from Secrets are unknown here."""
        return {
            variable["name"]: variable["value"]
            for container in self.containers
            for variable in container.get("env") or ()
            if "value" in variable
        }

    @property
    def words(self) -> list[str]:
        """The words of all commands; `--key=value` is two words."""
        words = [
            word
            for container in self.containers
            for word in (*(container.get("command") or ()), *(container.get("args") or ()))
        ]
        return [part for word in words for part in word.split("=", 1)]

    def option(self, name: str) -> str | None:
        """The value of an option of the command."""
        words = self.words
        index = words.index(name) + 1 if name in words else len(words)
        return words[index] if index < len(words) else None

    @property
    def secrets(self) -> list[str]:
        """The Secrets from which containers take variables."""
        return sorted(
            {
                variable["valueFrom"]["secretKeyRef"]["name"]
                for container in self.containers
                for variable in container.get("env") or ()
                if "secretKeyRef" in (variable.get("valueFrom") or {})
            }
            | {
                source["secretRef"]["name"]
                for container in self.containers
                for source in container.get("envFrom") or ()
                if "secretRef" in source
            }
        )

    @property
    def claims(self) -> list[str]:
        """The existing volume claims that it mounts."""
        return [
            volume["persistentVolumeClaim"]["claimName"]
            for volume in self.volumes
            if "persistentVolumeClaim" in volume
        ]

    def folder(self, path: str) -> str | None:
        """The place of a path in the volume that is mounted there; None if there is no such volume."""
        mounts = [
            mount
            for container in self.containers
            for mount in container.get("volumeMounts") or ()
            if f"{path}/".startswith(f"{mount['mountPath'].rstrip('/')}/")
        ]
        if not mounts:
            return None
        mount = max(mounts, key=lambda volume_mount: len(volume_mount["mountPath"]))
        below = path[len(mount["mountPath"].rstrip("/")) :].strip("/")
        return "/".join(part for part in (mount.get("subPath", ""), below) if part) or "."
