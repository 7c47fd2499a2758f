"""Document to platform: every section parsed by its Spec, every mistake said in the user's words."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, TypeVar

from pydantic import ValidationError

from compiler import registry, tenants
from compiler.diagnostics import Related, Report, collected, correction, listing, suggestion
from compiler.diagnostics.masking import value_masked
from compiler.document import Node, Path
from compiler.document.span import Span
from compiler.model.instance import Instance
from compiler.model.memo import Memo
from compiler.model.package import Platform
from compiler.spec.component import NamedSpec
from compiler.spec.constraints import InvalidValue
from compiler.spec.root import SECTIONS, Header, Shape
from compiler.spec.section import Section, parse
from compiler.spec.settings import Settings
from compiler.spec.types import check_name
from compiler.specialise import Variants
from compiler.validate.messages import explain

S = TypeVar("S", bound=Section)


class Validator:
    """Parses the documents of one compile; what they share is parsed once, and stays one object."""

    def __init__(self, memo: Memo) -> None:
        self._memo = memo

    def platform(self, document: Node, environment: str | None, report: Report) -> Platform | None:
        """One effective spec; None when it has errors, and then the report says which."""
        before = len(report.diagnostics)
        header = self._parse(Header, document, (), document, report, _without("spec"))
        spec_node = document.child("spec")
        if spec_node is None:
            return None
        settings = self._settings_of(spec_node, document, report)
        # Where these are wrong, the instances are read all the same: for what is wrong with them.
        name = header.metadata.name if header else ""
        instances = dict(self._instances(settings or Settings(), name, spec_node, document, report))
        failed = len(report.diagnostics) > before and report.failed
        if header is None or settings is None or failed:
            return None
        metadata = header.metadata
        return Platform(metadata.name, metadata.labels, settings, instances, document, environment)

    def _settings_of(self, spec: Node, document: Node, report: Report) -> Settings | None:
        """What a spec says besides its instances, whose names are looked at too."""
        shape = self._parse(Shape, spec, ("spec",), document, report, _without(*SECTIONS))
        if shape is None:
            return None
        # Its values are valid: they were read with the rest of the shape.
        found = Settings.model_construct(
            **{name: getattr(shape, name) for name in Settings.model_fields}
        )
        return self._memo.once(lambda: found, ("settings", found.model_dump_json()))

    def _instances(
        self, settings: Settings, platform: str, spec_node: Node, document: Node, report: Report
    ) -> Iterable[tuple[str, Instance[Any]]]:
        seen: dict[str, str] = {}
        for section in SECTIONS:
            node = spec_node.child(section)
            for name, child in sorted(node.entries()) if node else ():
                if name in seen:
                    paths = (("spec", section, name), ("spec", seen[name], name))
                    _duplicate(name, *paths, document, report)
                    continue
                seen[name] = section
                read = partial(self._instance, settings, platform, section, name, child, document)
                instance, diagnostics = self._memo.once(
                    partial(collected, read), ("instance", platform, section, name), child, settings
                )
                report.extend(diagnostics)
                if instance is not None:
                    yield name, instance

    def _instance(
        self, settings: Settings, platform: str, section: str, name: str, node: Node,
        document: Node, report: Report,
    ) -> Instance[Any] | None:  # fmt: skip
        path: Path = ("spec", section, name)
        model, type = self._model(section, name, node, path, document, report)
        spec = self._parse(model, node, path, document, report) if model else None
        named = _check_name(name, path, document.span_of(path), report)
        if spec is None or not named:
            return None
        space = spec.namespace or settings.namespace
        return Instance(name, section, type, space, spec, platform, settings)

    def _model(
        self, section: str, name: str, node: Node, path: Path, document: Node, report: Report
    ) -> tuple[type[NamedSpec] | None, str]:
        if section != "components":
            return tenants.component(section).Spec, section.rstrip("s")
        given = node.child("type")
        type = str(given.value) if given else name
        component = registry.component(type)
        if component is None:
            _unknown_type(name, type, given, path, document, report)
            return None, type
        return component.Spec, type

    def _parse(
        self, model: type[S], node: Node, path: Path, document: Node, report: Report,
        read: Callable[[Node], Any] = Node.plain,
    ) -> S | None:  # fmt: skip
        parsed = partial(_parsed, model, node, path, document, read)
        section, diagnostics = self._memo.once(partial(collected, parsed), model, node)
        report.extend(diagnostics)
        return section


def _parsed(
    model: type[S], node: Node, path: Path, document: Node, read: Callable[[Node], Any],
    report: Report,
) -> S | None:  # fmt: skip
    try:
        return parse(model, read(node))
    except ValidationError as error:
        explain(error, model, path, document, report)
        return None


def _without(*keys: str) -> Callable[[Node], Any]:
    """Reads a map but for what is below some of its keys."""
    return lambda node: node.plain(keys)


def validate(variants: Variants, memo: Memo, report: Report) -> dict[str | None, Platform]:
    """Every effective spec, the base's under None. Empty when any has errors."""
    for name, span in variants.names.items():
        _check_name(name, ("spec", "environments", name), span, report)
    validator = Validator(memo)
    documents: dict[str | None, Node] = {None: variants.base}
    documents.update(variants.environments)
    platforms: dict[str | None, Platform] = {}
    for environment, document in documents.items():
        platform = validator.platform(document, environment, report.within(environment))
        if platform is not None:
            platforms[environment] = platform
    return {} if report.failed else platforms


def _check_name(name: str, path: Path, span: Span, report: Report) -> bool:
    """Report a key that can't be a name."""
    try:
        check_name(name)
    except InvalidValue as error:
        message = value_masked(error.message, path, name)
        report.add(error.code, message, span, path=path, help=error.help)
        return False
    return True


def _duplicate(name: str, path: Path, first: Path, document: Node, report: Report) -> None:
    report.add(
        "duplicate-name",
        f"`{name}` names a {str(path[1])[:-1]} and a {str(first[1])[:-1]}",
        document.span_of(path),
        path=path,
        help="components, models and workloads share one set of names; rename one of them",
        related=[Related("the other one", document.span_of(first))],
    )


def _unknown_type(
    name: str, type: str, given: Node | None, path: Path, document: Node, report: Report
) -> None:
    types = registry.all_types()
    report.add(
        "unknown-type",
        f"`{type}` is not a component type",
        given.span if given else document.span_of(path),
        path=path,
        help=_known_types(type, types, named=given is None),
        fix=correction(given.span if given else document.span_of(path), type, types),
    )


def _known_types(type: str, types: tuple[str, ...], *, named: bool) -> tuple[str, ...]:
    """What to type for a component of an unknown type; `named` where its key was taken for one."""
    part = next((one for one in reversed(types) if one in _parts(type)), None)
    if named and part:
        return (f"write `{type}: {{type: {part}, ...}}`: a name that is no type says its type",)
    return suggestion(type, types) or (f"the types are {listing(types)}",)


def _parts(name: str) -> set[str]:
    """The beginnings and ends of a name, cut at its dashes."""
    words = name.split("-")
    cuts = range(1, len(words))
    return {"-".join(part) for cut in cuts for part in (words[:cut], words[cut:])}
