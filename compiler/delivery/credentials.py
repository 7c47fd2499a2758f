"""Plan how the credentials come to exist, by the provider of the Secrets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import itemgetter

from compiler.delivery.steps import TIMEOUT, SpecLocation, Step
from compiler.interfaces.sealed_secrets import SEALED
from compiler.model.credential import Credential
from compiler.model.package import Lowered
from compiler.upstream.prerequisites import administration

SOPS_FILE = "secret-{namespace}-{name}.sops.yaml"  # the file of one encrypted Secret


def made(lowered: Lowered, location: SpecLocation) -> Step:
    """The step that makes the credentials before the servers start."""
    match lowered.platform.settings.secrets.provider:
        case "existing":
            list_ = f"platformc secrets list {lowered.platform.environment}{location.options}"
            waits = _grouped("create", "secret", lowered.credentials)
            return Step("credentials: make each Secret of this list", (list_, *waits))
        case "local":
            title = "credentials: random ones, in a folder that Git ignores"
        case _:
            title = "credentials: encrypted ones, to commit"
    return Step(title, generation(lowered, location))


def made_by_others(lowered: Lowered, location: SpecLocation) -> Iterator[Step]:
    """The Secrets of the user, and what administrators of services outside make, before the servers start."""
    environment = f"{lowered.platform.environment}{location.options}"
    secrets = [
        f"{credential.name} ({', '.join(credential.namespaces)})"
        for credential in lowered.granted
        if credential.created_by == "you"
    ]
    if secrets:
        names = ", ".join(secrets)
        yield Step(
            f"the cluster must have: your Secrets {names} (platformc secrets list {environment})",
            (),
        )
    hosts = ", ".join(dict.fromkeys(host for _, host, _ in administration(lowered.graph)))
    if hosts:
        task = f"the administrators of {hosts} must have made the logins, and their databases and buckets"
        yield Step(f"{task} (platformc prerequisites {environment})", ())


def generation(
    lowered: Lowered, location: SpecLocation, rotated: Iterable[Credential] = ()
) -> tuple[str, ...]:
    """The commands that create credentials; there are none if an operator creates them."""
    environment = lowered.platform.environment
    options = "".join(f" --rotate {credential.name}" for credential in rotated)
    generate = f"platformc secrets generate {environment}{location.options}{options}"
    folder = location.sibling(f"secrets/{environment}")
    # Server-side: otherwise kubectl would keep a copy of the values in an annotation.
    apply = f"kubectl apply --server-side -k {folder}"
    match lowered.platform.settings.secrets.provider:
        case "local":
            return (generate, apply)
        case "sealed-secrets":
            waits = _grouped(SEALED.ready, SEALED.kind.lower(), lowered.credentials)
            return (generate, apply, *waits)
        case "sops":
            # Each file by its name: anyone can encrypt another file for the keys in `.sops.yaml`.
            files = " ".join(
                SOPS_FILE.format(namespace=space, name=credential.name)
                for credential in lowered.credentials
                for space in credential.namespaces
            )
            decrypt = f'sops decrypt {folder}/"$file" | kubectl apply --server-side -f -'
            return (generate, f"for file in {files}; do {decrypt}; done")
    return ()


def _grouped(condition: str, kind: str, credentials: Iterable[Credential]) -> Iterator[str]:
    """Waits for an object of each credential in each of its namespaces."""
    names_by_space = sorted(
        (space, credential.name) for credential in credentials for space in credential.namespaces
    )
    for space, of_space in groupby(names_by_space, key=itemgetter(0)):
        names = " ".join(f"{kind}/{name}" for _, name in of_space)
        yield f"kubectl wait --for={condition} {names} -n {space} --timeout={TIMEOUT}"
