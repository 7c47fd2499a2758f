"""One container: its memory limit, a root file system over this machine's, then its user,
environment and command.

The script runs in mount, PID, host name and IPC namespaces; everything that it mounts is
gone when the container is.
"""

from __future__ import annotations

import shlex
import subprocess
from dataclasses import dataclass
from pathlib import Path

from live.pods import limits
from live.pods.images import BEYOND_COREUTILS, BUSYBOX, HERE, HOME, Image
from live.pods.netns import Netns
from live.pods.objects import ConfigError, Manifest

NAMESPACES = (
    "unshare", "--mount", "--uts", "--ipc", "--pid", "--fork", "--kill-child",
    "--propagation", "private",
)  # fmt: skip


@dataclass(frozen=True)
class Mount:
    target: str
    source: Path
    read_only: bool


@dataclass(frozen=True)
class Identity:
    """The numbers a container runs under."""

    user: int
    group: int
    groups: tuple[int, ...]
    no_capabilities: bool
    no_new_privileges: bool

    def command(self) -> list[str]:
        groups = ",".join(str(group) for group in self.groups)
        command = ["setpriv", f"--reuid={self.user}", f"--regid={self.group}", f"--groups={groups}"]
        # A change of user forgets the parent whose end should end this process.
        command += ["--pdeathsig", "keep"]
        if self.no_capabilities:
            command += ["--bounding-set=-all", "--inh-caps=-all"]
        if self.no_new_privileges:
            command.append("--no-new-privs")
        return command


def identity(pod: Manifest, container: Manifest) -> Identity:
    context = {**(pod.get("securityContext") or {}), **(container.get("securityContext") or {})}
    user = context.get("runAsUser", 0)
    if context.get("runAsNonRoot") and not user:
        raise ConfigError("container has runAsNonRoot and image will run as root")
    group = context.get("runAsGroup", 0)
    extra = context.get("supplementalGroups", [])
    if "fsGroup" in context:
        extra = [*extra, context["fsGroup"]]
    return Identity(
        user,
        group,
        tuple(sorted({group, *extra})),
        "ALL" in (context.get("capabilities") or {}).get("drop", ()),
        context.get("allowPrivilegeEscalation") is False,
    )


@dataclass(frozen=True)
class Container:
    """Everything about a container but its process."""

    image: Image
    identity: Identity
    command: tuple[str, ...]
    environment: dict[str, str]
    mounts: tuple[Mount, ...]
    hosts: Path
    hostname: str
    read_only: bool
    workdir: str
    memory: int | None  # its limit, in bytes

    def start(self, network: Netns, folder: Path, log: Path) -> subprocess.Popen[bytes]:
        folder.mkdir(parents=True, exist_ok=True)
        script = folder / "start.sh"
        limited = limits.entering(folder, self.memory) if self.memory else []
        script.write_text("\n".join([*limited, *self.script(folder / "root")]) + "\n")
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as out:
            return subprocess.Popen(
                [*network.command(), *NAMESPACES, "sh", "-e", str(script)],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
            )

    def script(self, folder: Path) -> list[str]:
        folder.mkdir(parents=True, exist_ok=True)
        root = f"{folder}/merged"
        open_to_all = 755 if self.read_only else 1777  # as in images, whose root is writable
        return [
            f"mount -t tmpfs -o mode=755 tmpfs {folder}",
            f"mkdir -p {folder}/upper {folder}/work {root}",
            f"mount -t overlay overlay -o lowerdir=/,upperdir={folder}/upper,workdir={folder}/work {root}",
            *self._own_files(root),
            *self._tools(root),
            *self._programs(root),
            # Mount points must be there before the root is read-only.
            *(_mount_point(root, mount) for mount in self.mounts),
            *(line for folder in (HOME, HERE) for line in _visible(root, folder)),
            *([f"mount --bind {root} {root}; mount -o remount,bind,ro {root}"] * self.read_only),
            f"mount --bind {self.hosts} {root}/etc/hosts",
            f"mount -t proc proc {root}/proc; mount --rbind /dev {root}/dev",
            # An image's own are empty; this machine's are not.
            *(
                f"mount -t tmpfs -o mode={mode} tmpfs {root}/{folder}"
                for folder, mode in (("tmp", open_to_all), ("var/tmp", open_to_all), ("run", 755))
            ),
            *(line for mount in self.mounts for line in _mount(root, mount)),
            # Last: a volume may hold the mount point of another one.
            *(
                f"mount -o remount,bind,ro {shlex.quote(root + mount.target)}"
                for mount in self.mounts
                if mount.read_only
            ),
            *(
                f"mkdir -p {root}{folder}; mount --bind {folder} {root}{folder}"
                for folder in (HOME, HERE)
            ),
            f"hostname {shlex.quote(self.hostname[:63])}",
            f"exec chroot {root} {shlex.join(self.inside(self.command))}",
        ]

    def _own_files(self, root: str) -> list[str]:
        users = ["root:x:0:0:root:/root:/bin/sh", *self.image.users]
        groups = [":".join([*user.split(":")[:2], user.split(":")[3], ""]) for user in users]
        return [
            f"printf '%s\\n' {shlex.join(users)} >{root}/etc/passwd",
            f"printf '%s\\n' {shlex.join(groups)} >{root}/etc/group",
            f"echo 'hosts: files' >{root}/etc/nsswitch.conf",
            f"mkdir -p {root}{self.workdir}",
        ]

    def _tools(self, root: str) -> list[str]:
        if self.image.tools == "busybox":
            return [f"mkdir -p {root}{BUSYBOX}; busybox --install -s {root}{BUSYBOX}"]
        if self.image.tools == "coreutils":
            folders = ("bin", "usr/bin", "usr/local/bin")
            names = [f"{root}/{folder}/{name}" for folder in folders for name in BEYOND_COREUTILS]
            return [f"rm -f {' '.join(names)}"]
        return []

    def _programs(self, root: str) -> list[str]:
        return [
            f"mkdir -p $(dirname {root}{name}); ln -sf {shlex.quote(path)} {root}{name}"
            for name, path in self.image.programs.items()
        ]

    def inside(self, command: tuple[str, ...]) -> list[str]:
        variables = [f"{name}={value}" for name, value in self.environment.items()]
        return [
            *self.identity.command(), "env", "-i", "-C", self.workdir, *variables, *command,
        ]  # fmt: skip


def _mount_point(root: str, mount: Mount) -> str:
    target = shlex.quote(root + mount.target)
    if mount.source.is_dir():
        return f"mkdir -p {target}"
    return f"mkdir -p $(dirname {target}); touch {target}"


def _mount(root: str, mount: Mount) -> list[str]:
    target = shlex.quote(root + mount.target)
    # Again, for one that lies in a volume mounted before it.
    return [
        _mount_point(root, mount) + " 2>/dev/null || :",
        f"mount --bind {shlex.quote(str(mount.source))} {target}",
    ]


def _visible(root: str, folder: Path) -> list[str]:
    """A folder of this machine, for the user of the container."""
    parents = [f"{root}{parent}" for parent in [*reversed(folder.parents)][1:]]
    return [f"mkdir -p {root}{folder}", f"chmod a+x {' '.join(parents)}"]
