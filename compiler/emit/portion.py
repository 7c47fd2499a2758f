"""The portion of `emit`'s work that another process can do: what comes back is text, and not much.

Objects do not travel: both processes have them, and make the texts of some.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from msgspec import Struct

from compiler.diagrams.mermaid import Lines, mermaid
from compiler.kube import yaml
from compiler.model.package import Lowered
from compiler.model.resource import Manifest

_MANY = 500  # objects whose texts take longer to make than to come from another process


class Portion(Struct, frozen=True):
    """Texts of models' objects, in the order of `shared_out`; and pictures by environment."""

    texts: list[str]
    pictures: dict[str, str]


def portion(environments: Mapping[str, Lowered], rendered: Collection[str]) -> Portion:
    """The other's share of the models, and the graphs of the environments that are rendered."""
    lines: Lines = {}
    return Portion(
        [yaml.dump(manifest) for manifest in shared_out(environments)[1]],
        {name: mermaid(environments[name].graph, lines) for name in rendered},
    )


def shared_out(environments: Mapping[str, Lowered]) -> tuple[list[Manifest], list[Manifest]]:
    """The models' objects that are written here, and those that the other writes, if they are many."""
    packages = (package for one in environments.values() for package in one.models.values())
    distinct = {id(one): one for one in packages}.values()
    manifests = [one.manifest for package in distinct for one in package.resources]
    most = len(manifests) * 3 // 5  # the other draws pictures as well
    return (manifests[:most], manifests[most:]) if len(manifests) >= _MANY else ([], [])
