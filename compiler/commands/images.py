"""`platformc images ENV`: every image that an environment needs, with its origin."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import click

from compiler.commands.choice import Choice
from compiler.commands.compiling import lowered_of
from compiler.commands.options import environment_argument, spec_option
from compiler.commands.output import fail, note
from compiler.commands.table import aligned
from compiler.commands.verb import Verb
from compiler.derive.used_images import UsedImage, images
from compiler.document.other_files import FileContentError
from compiler.emit.images import OPERATORS, settings_images, vendored_images
from compiler.model.package import Lowered
from compiler.model.prerequisite import Prerequisite
from compiler.spec.image import Mirrors, registries, split_image
from compiler.text import printable
from compiler.upstream import lock
from compiler.upstream.image_digests import (
    UnknownImageError,
    UnreachableRegistryError,
    digest,
    registry_of,
)
from compiler.upstream.prerequisites import prerequisites, release, vendored


@click.command(cls=Verb)
@environment_argument
@spec_option
@click.option(
    "--format",
    "form",
    type=Choice(["text", "json", "pairs"]),
    default="text",
    show_default=True,
    help="`pairs`: the publisher's name and the mirror's, for a program that copies.",
)
@click.option("--pin", is_flag=True, help="Ask the registries for digests; write platform.lock.")
def command(environment: str | None, file: Path, form: str, pin: bool) -> None:
    """List every image of an environment.

    The list has the images of an upstream system only if `platformc vendor` has fetched its release. A line
    names each other system.

    \b
    platformc images prod
    platformc images prod --format pairs | xargs -n2 skopeo copy --all
    platformc images prod --pin
    """
    lowered = lowered_of(file, environment, judged=False)  # a lock that lacks digests is an error
    mirrors = lowered.platform.settings.registry.mirrors
    pinned = (*images(lowered), *_vendored(file, mirrors))
    # Upstream's controllers start the images of their settings by tag.
    used_images = (*pinned, *settings_images(lowered))
    for line in _unlisted(lowered, used_images):
        note(line)
    if pin:
        _pin(file, pinned)
        return
    match form:
        case "json":
            click.echo(json.dumps([_record(image) for image in used_images], indent=2))
        case "pairs":
            _pairs(used_images, mirrors)
        case _:
            _table(used_images)


def _vendored(file: Path, mirrors: Mirrors) -> Iterator[UsedImage]:
    try:
        yield from vendored_images(file.parent, mirrors)
    except FileContentError as error:
        fail(f"cannot read the releases next to {file}: {error}", 1)


def _unlisted(lowered: Lowered, used_images: tuple[UsedImage, ...]) -> Iterator[str]:
    """The upstream systems whose images only their releases name, each with what lists them."""
    listed = {user for image in used_images for user in image.users}
    for system in (*prerequisites(lowered.graph), *vendored(lowered.graph)):
        for needed in system.besides:
            yield f"not listed: the images of {needed}, which `{system.name}` needs"
        if f"{OPERATORS}/{system.name}" in listed:
            continue
        subject = f"not listed: the images of {system.system} (`{system.name}`)"
        yield f"{subject}{_namer(system, lowered.platform.environment)}"


def _namer(system: Prerequisite, environment: str | None) -> str:
    """The text about the release, the charts or the distribution that names the images of an upstream system."""
    if release(system):
        return f"; `platformc vendor {system.name}` fetches the release that names them"
    if any(command.startswith("helm ") for command in system.how):
        return (
            ": `helm template` prints them, with the arguments that `platformc prerequisites "
            f"{environment}` prints"
        )
    return ", which the distribution that installs it names"


def _record(image: UsedImage) -> dict[str, object]:
    return {
        "image": image.source,
        "pulled": image.reference,
        "digest": image.digest or None,
        "usedBy": list(image.users),
    }


def _pairs(used_images: tuple[UsedImage, ...], mirrors: Mirrors) -> None:
    """Print the source and the target of each copy. An image that keeps its name needs no copy."""
    if not mirrors:
        note("both names of a pair are equal: write `registry: {mirror: ...}` under `spec:` first")
    for image in used_images:
        source, target = _source(image), _untagged(image)
        if not mirrors or split_image(source)[0] != split_image(target)[0]:
            click.echo(f"docker://{source} docker://{target}")
        elif registry_of(target) not in registries(mirrors):
            note(f"not copied: no mirror is for the registry of {image.source}")


def _source(image: UsedImage) -> str:
    """Upstream's name, without the tag if it has a digest: skopeo takes one of them (skopeo#2367)."""
    name, tag, digest = split_image(image.origin)
    return f"{name}@{digest}" if tag and digest else image.origin


def _untagged(image: UsedImage) -> str:
    """The name to copy to, without the digest if it has a tag: only a tag can be pushed."""
    name, _, digest = image.reference.partition("@")
    return name if not digest or ":" in name.rpartition("/")[2] else image.reference


def _table(used_images: tuple[UsedImage, ...]) -> None:
    rows = [(image.source, image.reference, ",".join(image.users)) for image in used_images]
    for line in aligned(("IMAGE", "PULLED AS", "USED BY"), rows):
        click.echo(printable(line))


def _pin(file: Path, used_images: tuple[UsedImage, ...]) -> None:
    """Write the digests that the registries report; other images keep their old digests."""
    locked = lock.written(file)
    tagged = [image for image in used_images if "@" not in image.source]
    digests = _digests(tagged)
    if tagged and not digests:
        fail(f"no registry reports a digest, so {lock.path_of(file)} stays as it is", 1)
    pins = {**locked.images, **digests}
    lock.write(file, locked._replace(images=pins))
    note(f"{lock.path_of(file)}: {len(pins)} images pinned")
    sys.exit(0 if len(digests) == len({image.source for image in tagged}) else 1)


def _digests(used_images: Iterable[UsedImage]) -> dict[str, str]:
    """The digests that the registries report. A registry that does not answer is asked once."""
    digests: dict[str, str] = {}
    unreachable = set[str]()
    for image in used_images:
        name = image.reference.partition("@")[0]
        registry = registry_of(name)
        if registry in unreachable:
            continue
        try:
            digests[image.source] = digest(name)
        except UnknownImageError as error:
            note(f"platformc: {error}")
        except UnreachableRegistryError as error:
            unreachable.add(registry)
            note(f"platformc: {error}")
    return digests
