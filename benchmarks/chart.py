"""The chart that a person would keep of a platform, found from platformc's objects for its spec.

The spec is compiled for every environment, and once more with other values wherever a value may be
another. Where the objects are equal all the same, the chart has their text; where they differ, it
has a value: of the spec if one there has changed in step, else a separate one (a checksum, a size
that follows from another). An object of some environments only stands under a condition.
Labels come from one helper, and models from one loop.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from benchmarks import variants
from benchmarks.finder import Finder
from benchmarks.platforms import Spec
from benchmarks.template import MODEL, Chart, Node, camel, with_name
from benchmarks.variants import Manifest, instance

_HASH = re.compile(r"-[0-9a-f]{8}$")  # of a Job's template, which its name ends with


def chart(spec: Spec) -> Chart:
    """The templates from a sample of the models; the values of all of them from the spec."""
    sample = variants.sampled(spec)
    specs = [variants.base(sample), *variants.effective(sample).values()]
    specs.append(variants.otherwise(sample))
    objects = [variants.objects(spec) for spec in specs]
    names = tuple(sample["spec"].get("models", {}))
    finder = Finder([variants.values(spec) for spec in specs])
    sections = _sections(objects, names, finder)
    model = _model(specs, objects, names, finder)
    base, *remaining = _all_values(spec, finder)
    changes = (_changes(item, base) for item in remaining)
    return Chart(sections, model, base, dict(zip(variants.effective(spec), changes, strict=True)))


def _sections(
    objects: Sequence[Sequence[Manifest]], models: Sequence[str], finder: Finder
) -> dict[str, list[Node]]:
    results: dict[str, list[Node]] = {}
    for row in _rows(objects, finder.plain, lambda manifest: instance(manifest) not in models):
        section = camel(next(instance(item) for item in row if item))
        node = with_name(finder.node(row, section, ("object",)))
        results.setdefault(section, []).append(node)
    return results


def _rows(
    objects: Sequence[Sequence[Manifest]],
    plain: Callable[[str], str],
    chosen: Callable[[Manifest], bool],
) -> Iterator[tuple[Manifest | None, ...]]:
    """Each object in all variants, for all values in its name; None where it is not."""
    named = [{plain(_id(item)): item for item in manifest if chosen(item)} for manifest in objects]
    for id in dict.fromkeys(id for entry in named for id in entry):
        yield tuple(element.get(id) for element in named)


def _id(manifest: Manifest) -> str:
    metadata = manifest["metadata"]
    name = _HASH.sub("", metadata["name"])
    return f"{manifest['kind']} {metadata.get('namespace', '')}/{name}"


def _model(
    specs: Sequence[Spec],
    objects: Sequence[Sequence[Manifest]],
    names: Sequence[str],
    finder: Finder,
) -> list[Node]:
    """The templates of one model: the same for every model in every variant."""
    if not names:
        return []
    wide = Finder([variants.of_model(spec, name) for spec in specs for name in names])
    for value, vector in finder.vectors.items():
        wide.add_shared(value, tuple(element for element in vector for _ in names))
    by_model = [
        [item for item in manifest if instance(item) == name]
        for manifest in objects
        for name in names
    ]
    nameless = [
        {finder.plain(_id(entry)).replace(name, ""): entry for entry in sample}
        for sample, name in zip(by_model, list(names) * len(specs), strict=True)
    ]
    with_names = [
        with_name(wide.node(tuple(group.get(id) for group in nameless), MODEL, ("object",)))
        for id in dict.fromkeys(id for group in nameless for id in group)
    ]
    for value, vector in wide.vectors.items():
        if value not in finder.vectors and value.section != MODEL:
            finder.add(value, vector[:: len(names)])
    return with_names


def _all_values(spec: Spec, finder: Finder) -> list[Spec]:
    """The base's and those of each environment, with all models."""
    specs = [variants.base(spec), *variants.effective(spec).values()]
    return [{**_values(finder, at), "models": _models(item)} for at, item in enumerate(specs)]


def _values(finder: Finder, at: int) -> Spec:
    spec: Spec = {}
    for value, vector in finder.vectors.items():
        spec.setdefault(value.section, {})[value.key] = vector[at]
    return spec


def _models(spec: Spec) -> Spec:
    models: Mapping[str, Spec] = spec["spec"].get("models", {})
    return {name: variants.flat(model) for name, model in models.items()}


def _changes(values: Spec, base: Spec) -> Spec:
    """The values to merge into the base to get those of an environment."""
    spec: Spec = {}
    for key, value in values.items():
        if isinstance(value, dict):
            inner = _changes(value, base.get(key, {}))
            spec |= {key: inner} if inner else {}
        elif base.get(key) != value:
            spec[key] = value
    return spec
