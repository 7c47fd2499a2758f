"""Validate a document: parse every section by its Spec, and report every mistake."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from msgspec.structs import replace
from pydantic import ValidationError

from compiler import registry, tenants
from compiler.diagnostics import Related, Report, collected, correction, listing, suggestion
from compiler.diagnostics.masking import value_masked
from compiler.document import Node, Path
from compiler.document.outdented import indent
from compiler.document.span import Span
from compiler.model.instance import Instance
from compiler.model.memo import Memo
from compiler.model.package import Platform
from compiler.spec.component import NamedSpec
from compiler.spec.constraints import InvalidValue
from compiler.spec.root import SECTIONS, Header, Shape
from compiler.spec.section import Section, fields, parse
from compiler.spec.settings import Metadata, Settings
from compiler.spec.types import check_name
from compiler.specialise import Variants
from compiler.validate.errors import field_errors, without
from compiler.validate.messages import empty_key, explain
from compiler.validate.misplaced import lost_fields

S = TypeVar("S", bound=Section)


class Validator:
    """Parses the documents of one compile. Shared nodes are parsed once, into one object."""

    def __init__(self, memo: Memo) -> None:
        self._memo = memo

    def platform(self, document: Node, environment: str | None, report: Report) -> Platform | None:
        """One effective spec. Values with errors, which are in the report, are left out.

        None if the outline is wrong: keys below an unknown key are not judged.
        """
        header = self._parse(Header, document, (), document, report, _without("spec"))
        spec_node = document.child("spec")
        if spec_node is None:
            return None
        settings = self._settings_of(spec_node, document, report)
        # Instances are validated even if these are wrong, to report all mistakes at once.
        settings = settings or Settings()
        metadata = (
            header.metadata if header else Metadata.model_construct(name="unnamed", labels={})
        )
        instances, wrong = self._instances(settings, metadata.name, spec_node, document, report)
        if not _outlined(document, Header) or not _outlined(spec_node, Shape):
            return None
        return Platform(
            metadata.name, metadata.labels, settings, instances, document, environment, wrong=wrong
        )

    def _settings_of(self, spec: Node, document: Node, report: Report) -> Settings | None:
        """The settings of a spec, and a check of its instances' names."""
        shape = self._parse(Shape, spec, ("spec",), document, report, _without(*SECTIONS))
        if shape is None:
            return None
        # The values are valid: they were parsed with the shape.
        settings = Settings.model_construct(
            **{name: getattr(shape, name) for name in Settings.model_fields}
        )
        distinct = self._memo.once(list[Settings], "settings")
        if settings not in distinct:
            distinct.append(settings)
        return distinct[distinct.index(settings)]

    def _instances(
        self, settings: Settings, platform: str, spec_node: Node, document: Node, report: Report
    ) -> tuple[dict[str, Instance[Any]], dict[str, str]]:
        """The instances that can be read, and the types of those with errors."""
        section_of: dict[str, str] = {}
        instances, wrong = dict[str, Instance[Any]](), dict[str, str]()
        for section in SECTIONS:
            node = spec_node.child(section)
            lost = self._lost(section, node, document, report) if node else set()
            for name, child in sorted(node.entries()) if node else ():
                if name in lost:
                    wrong[name] = _type(section, name, child)
                    continue
                if name in section_of:
                    paths = (("spec", section, name), ("spec", section_of[name], name))
                    _duplicate(name, *paths, document, report)
                    continue
                section_of[name] = section
                read = partial(self._instance, settings, platform, section, name, child, document)
                instance, diagnostics = self._memo.once(
                    partial(collected, read), ("instance", platform, section, name), child, settings
                )
                report.extend(diagnostics)
                if instance is not None:
                    instances[name] = instance
                if diagnostics:
                    wrong[name] = instance.type if instance else _type(section, name, child)
        return instances, wrong

    def _lost(self, section: str, node: Node, document: Node, report: Report) -> set[str]:
        """Report empty instances whose keys stand in their own column. Returns all their names."""
        names = set[str]()
        for name, child in node.entries():
            model = _spec_of(section, name) if child.value is None else None
            keys = lost_fields(node, name, model) if model else ()
            if keys:
                names |= {name, *keys}
                empty_key(("spec", section, name), document, report, indent(keys, name))
        return names

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
        type = _type(section, name, node)
        model = _spec_of(section, type)
        if model is None:
            _unknown_type(name, type, node.child("type"), path, document, report)
        return model, type

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
    value = read(node)
    try:
        return parse(model, value)
    except ValidationError as error:
        explain(error, model, path, document, report)
        return _without_errors(model, value, error)


def _without_errors(model: type[S], value: Any, error: ValidationError) -> S | None:
    """The section without its wrong values, so that fields that depend on the rest are judged too."""
    for field_error in field_errors(error, model):
        value = without(value, field_error.loc)
    try:
        return parse(model, value)
    except ValidationError:
        return None


def _outlined(node: Node, model: type[Section]) -> bool:
    """Whether a part of the outline has known keys alone, and maps where it must."""
    maps = [child for section in SECTIONS if (child := node.child(section)) is not None]
    keys = {key for _, key, _ in fields(model)}
    return {key for key, _ in node.entries()} <= keys and all(
        isinstance(child.value, dict) for child in maps
    )


def _spec_of(section: str, type: str) -> type[NamedSpec] | None:
    if section != "components":
        return tenants.component(section).Spec
    component = registry.component(type)
    return component.Spec if component else None


def _type(section: str, name: str, node: Node) -> str:
    type_node = node.child("type")
    if section != "components":
        return section.rstrip("s")
    return str(type_node.value) if type_node else name


def _without(*keys: str) -> Callable[[Node], Any]:
    """Reads a map without the values below these keys."""
    return lambda node: node.plain(keys)


def validate(variants: Variants, memo: Memo, report: Report) -> dict[str | None, Platform]:
    """Every effective spec whose outline is right; the base's has the key None."""
    unmerged = {name for diagnostic in report.diagnostics for name in diagnostic.environments}
    for name, span in variants.names.items():
        _check_name(name, ("spec", "environments", name), span, report)
    validator = Validator(memo)
    documents: dict[str | None, Node] = {None: variants.base}
    documents.update(variants.environments)
    platforms: dict[str | None, Platform] = {}
    for environment, document in documents.items():
        platform = validator.platform(document, environment, report.within(environment))
        if platform is not None and environment not in unmerged:
            removed = variants.removed.get(environment or "", {})
            platforms[environment] = replace(platform, removed=removed)
    return platforms


def _check_name(name: str, path: Path, span: Span, report: Report) -> bool:
    """Report a key that is not a valid name."""
    try:
        check_name(name)
    except InvalidValue as error:
        message = value_masked(error.message, path, name)
        report.add(error.code, message, span, path=path, help=error.help)
        return False
    return True


def _duplicate(name: str, path: Path, earlier: Path, document: Node, report: Report) -> None:
    report.add(
        "duplicate-name",
        f"`{name}` names a {str(path[1])[:-1]} and a {str(earlier[1])[:-1]}",
        document.span_of(path),
        path=path,
        help="components, models and workloads share one set of names; rename one of them",
        related=[Related("the other one", document.span_of(earlier))],
    )


def _unknown_type(
    name: str, type: str, type_node: Node | None, path: Path, document: Node, report: Report
) -> None:
    from compiler.upstream.other_systems import instead_of  # only mistakes need it

    types, span = registry.all_types(), type_node.span if type_node else document.span_of(path)
    instead = instead_of(type)
    report.add(
        "unknown-type",
        f"`{type}` is not a component type",
        span,
        path=path,
        help=instead or _known_types(type, types, named=type_node is None),
        fix=None if instead else correction(span, type, types),
    )


def _known_types(type: str, types: tuple[str, ...], *, named: bool) -> tuple[str, ...]:
    """What to type for a component of an unknown type; `named` where its key was taken for one."""
    part = next((union for union in reversed(types) if union in _parts(type)), None)
    if named and part:
        return (f"write `{type}: {{type: {part}, ...}}`: a name that is no type says its type",)
    return suggestion(type, types) or (f"the types are {listing(types)}",)


def _parts(name: str) -> set[str]:
    """The beginnings and ends of a name, cut at its dashes."""
    words = name.split("-")
    cuts = range(1, len(words))
    return {"-".join(part) for cut in cuts for part in (words[:cut], words[cut:])}
