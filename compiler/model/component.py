"""The contract of a component's module, and the pieces that it lowers to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from msgspec import Struct

from compiler.model.authority import HandedAuthority
from compiler.model.binding import (
    Binding,
    Claims,
    Offers,
    Provides,
    Requires,
    UnlabelledClients,
)
from compiler.model.credential import Credential
from compiler.model.graph import Wiring
from compiler.model.instance import Instance
from compiler.model.live_pod import LivePod
from compiler.model.metrics import Metrics
from compiler.model.prerequisite import Prerequisite
from compiler.model.problem import Problem
from compiler.model.resource import (
    ConfigFiles,
    Egress,
    Ingress,
    InternalTraffic,
    OperatorPods,
    Phase,
    Resource,
)
from compiler.model.size import Size
from compiler.model.versions import OldestKubernetes, Versions
from compiler.spec.section import Section

Piece = (
    Resource | ConfigFiles | InternalTraffic | Egress | Ingress | OperatorPods | Credential
    | UnlabelledClients | HandedAuthority | Metrics
)  # fmt: skip


def no_prerequisite(me: Instance[Any], wiring: Wiring) -> Prerequisite | None:
    """The component needs no upstream system in the cluster."""
    return None


def no_administration(me: Instance[Any], wiring: Wiring) -> str:
    """The component leaves nothing to the administrator of a service outside."""
    return ""


def no_sizes(me: Instance[Any], wiring: Wiring) -> Iterable[Size]:
    """The component has no disk or memory whose required size it can calculate."""
    return ()


def no_workloads(me: Instance[Any]) -> Mapping[str, Section]:
    """The component brings no workloads."""
    return {}


def no_problems(me: Instance[Any]) -> Iterable[Problem]:
    """The component sees no mistakes beyond those that its Spec refuses."""
    return ()


def no_binding_problems(me: Instance[Any], wiring: Wiring) -> Iterable[Problem]:
    """The component sees no mistakes in its bindings."""
    return ()


def nothing_adoptable(pod: LivePod) -> Mapping[str, str]:
    """A live pod has no setting that belongs into the section `adopt`."""
    return {}


class Component(Struct, frozen=True, kw_only=True):
    """A component type. Its module has the names below; those with a default may be left out.

    `compiler/model/contract.py` reads a module into this value, for the components of the compiler
    and for components of other packages. Nothing else looks at the module.
    """

    name: str  # the type, as the spec names it
    file: str  # the path of the module, for messages to its authors
    description: str  # the module's docstring
    requires: tuple[Requires[Any], ...]  # the slots that are constants of the module
    provides: tuple[Provides[Any], ...]

    PHASE: Phase
    """Its place in the order of delivery."""

    Spec: type[Any]
    """The pydantic model of its section of platform.yaml."""

    claims: Callable[[Any], Claims]
    """The claims of an instance on other instances, by slot."""

    offers: Callable[[Any], Offers]
    """The offers of an instance to other instances, by slot."""

    lower: Callable[[Any, Wiring], Iterable[Piece]]
    """The objects of an instance, from its own section and its bindings alone."""

    problems: Callable[[Any], Iterable[Problem]] = no_problems
    """The mistakes in an instance's section that the section alone shows."""

    binding_problems: Callable[[Any, Wiring], Iterable[Problem]] = no_binding_problems
    """The mistakes in an instance's section that its bindings or its clients show."""

    workloads: Callable[[Any], Mapping[str, Any]] = no_workloads
    """Workloads that an instance brings along, such as a smoke test: names and their sections."""

    sizes: Callable[[Any, Wiring], Iterable[Size]] = no_sizes
    """Disk and memory of an instance, each with the amount that its settings and clients need."""

    prerequisites: Callable[[Any, Wiring], Prerequisite | None] = no_prerequisite
    """The upstream system that an instance needs in the cluster, or None."""

    administration: Callable[[Any, Wiring], str] = no_administration
    """Instructions to the administrator of a service outside, for its consumers: SQL, or policies."""

    adoptable: Callable[[LivePod], Mapping[str, str]] = nothing_adoptable
    """The values for its section `adopt` that a live pod of its program shows, such as a database."""

    revoke_command: Callable[[Binding], str] | None = None
    """The command that locks out the login of a removed consumer.

    None if the server needs no command: it reads its users from a file, or its operator removes them.
    """

    empty_command: Callable[[Binding], str] | None = None
    """The command that deletes every table of a consumer's database.

    None if no copy of the server can contain a database that belongs to its consumer's own copies.
    """

    CLUSTER_SINGLETON: str = ""
    """Why a cluster has at most one instance of this type; empty if it may have several."""

    UPSTREAM_NAMESPACE: bool = False
    """Whether an instance lives in an operator's namespace, where the compiler denies no traffic:
    a policy there would shut out clients that the platform does not know."""

    UNMAINTAINED: str = ""
    """Why its authors no longer maintain it; empty if they do."""

    ALTERNATIVES: tuple[str, ...] = ()
    """Types that offer the same interfaces, for a component that is UNMAINTAINED."""

    LICENSE_NOTE: str = ""
    """The point of its licence to check before production; empty for a common licence."""

    MIGRATION: str = ""
    """The effect of its first start on the schema of an existing database, with `{image}`; empty if
    there is none."""

    VERSIONS: Versions = Versions()
    """The known facts about its images, each with its source: tags, and steps between versions."""

    OLDEST_KUBERNETES: OldestKubernetes = OldestKubernetes()
    """The oldest Kubernetes that its pinned release supports, with the source."""

    FORMATS: tuple[str, ...] = ()
    """Formats of models that it serves without a runtime of the user: editors offer them."""

    FILE_KEYS: tuple[tuple[str, str], ...] = ()
    """Keys of its config files, each with the field of its Spec from which the value follows."""

    SPARES_CLIENTS: tuple[tuple[str, str], ...] = ()
    """Interfaces that its clients need no binding of after a setting of it, each with this setting."""

    DATA_FIELDS: tuple[str, ...] = ()
    """Fields of its Spec that choose whose data an instance sees: `diff` rates a change of one as
    data loss."""
