"""Empty the databases that an operator restores although their content lies on volumes that are gone.

An archive has every database of a server, also one that the server's own copies leave out (`Claim.copied`):
the rows of such a one refer to its consumer's volumes. In a new cluster these are empty, and the server there
counts its volumes and objects from one again. It would take what it writes for what an old row names, and delete
it with that row (SeaweedFS deletes by volume and key alone, weed/operation/delete_content.go).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from compiler.delivery.steps import WaveChange
from compiler.emit.manifests import waves
from compiler.interfaces import sql
from compiler.kube.labels import INSTANCE
from compiler.model.binding import Binding
from compiler.model.package import Lowered
from compiler.registry import component_of


def emptied(lowered: Lowered, servers: Collection[str]) -> Iterator[WaveChange]:
    """The commands for these restored servers, each before the first wave of the database's consumer."""
    for binding in lowered.graph.bindings:
        if not isinstance(binding.claim, sql.Claim) or binding.claim.copied or binding.via:
            continue
        empty_command = component_of(binding.provider).empty_command
        if binding.provider.name in servers and empty_command is not None:
            start = lowered.packages[binding.consumer.name].start
            wave = min(number for number in waves(lowered) if number >= start)
            title = (
                f"{binding.claim.database} of {binding.provider.name} names what was on the volumes of "
                f"{binding.consumer.name}: it is emptied where none of these volumes is there"
            )
            yield WaveChange(wave, title, before=(_command(binding, empty_command(binding)),))


def _command(binding: Binding, empty: str) -> str:
    """Without an answer about the volumes, nothing is emptied, and the plan stops."""
    consumer = binding.consumer
    claims = f"kubectl get pvc -n {consumer.namespace} -l {INSTANCE}={consumer.name} -o name"
    return f'volumes=$({claims}) && {{ [ -n "$volumes" ] || {empty}; }} || false'
