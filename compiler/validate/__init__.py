"""Validate documents: parse every section by its Spec, and report every mistake."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from msgspec import Struct
from msgspec.structs import replace
from pydantic import ValidationError

from compiler import registry, tenants
from compiler.diagnostics import Related, Report, collected
from compiler.diagnostics.masking import value_masked
from compiler.diagnostics.words import closest
from compiler.document import Node, Path
from compiler.document.outdented import indent
from compiler.document.span import Span
from compiler.model.instance import Instance
from compiler.model.memo import Memo
from compiler.model.package import Platform
from compiler.spec.component import NamedSpec
from compiler.spec.constraints import InvalidValue
from compiler.spec.root import SECTIONS, SINGULAR, Header, Shape
from compiler.spec.section import Section, fields, parse
from compiler.spec.settings import Metadata, Settings
from compiler.spec.types import check_name
from compiler.specialise import Variants
from compiler.validate.errors import field_errors, without
from compiler.validate.messages import report_empty_key, report_errors
from compiler.validate.misplaced import outdented_fields
from compiler.validate.unknown_type import report_unknown_type

S = TypeVar("S", bound=Section)


def validate(variants: Variants, memo: Memo, report: Report) -> dict[str | None, Platform]:
    """Parse every effective spec whose outline is right; the base has the key None."""
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
            name = environment or ""
            platforms[environment] = replace(
                platform, removed=variants.removed.get(name, {}), span=variants.names.get(name)
            )
    return platforms


class Part(Struct, frozen=True):
    """A section of a document, with its path in it."""

    node: Node
    path: Path
    document: Node


class Validator:
    """Parses the documents of one compile. Shared nodes are parsed once, into one object."""

    def __init__(self, memo: Memo) -> None:
        self._memo = memo

    def platform(self, document: Node, environment: str | None, report: Report) -> Platform | None:
        """Parse one effective spec. Values with errors are reported and left out.

        Returns None if the outline is wrong, because keys below an unknown key are not judged.
        """
        outline = Part(document, (), document)
        header = self._parse(Header, outline, report, _reader_without("spec"))
        spec_node = document.child("spec")
        if spec_node is None:
            return None
        settings = self._settings_of(Part(spec_node, ("spec",), document), report)
        # Instances are validated even if the settings are wrong, to report all mistakes at once.
        settings = settings or Settings()
        metadata = (
            header.metadata if header else Metadata.model_construct(name="unnamed", labels={})
        )
        instances, wrong = self._instances(settings, metadata.name, spec_node, document, report)
        if not _has_right_outline(document, Header) or not _has_right_outline(spec_node, Shape):
            return None
        return Platform(
            metadata.name, metadata.labels, settings, instances, document, environment, wrong=wrong
        )

    def _settings_of(self, spec: Part, report: Report) -> Settings | None:
        """Parse the settings of a spec; equal settings of environments become one object."""
        shape = self._parse(Shape, spec, report, _reader_without(*SECTIONS))
        if shape is None:
            return None
        # The values are valid: they were parsed with the shape.
        settings = Settings.model_construct(
            **{name: getattr(shape, name) for name in Settings.model_fields}
        )
        # By their text: values that Python counts as equal, such as 1 and true in a patch, differ in it.
        return self._memo.once(lambda: settings, ("settings", repr(settings)))

    def _instances(
        self, settings: Settings, platform: str, spec_node: Node, document: Node, report: Report
    ) -> tuple[dict[str, Instance[Any]], dict[str, str]]:
        """Parse the instances. Returns the readable ones, and the types of the instances with errors."""
        section_of: dict[str, str] = {}
        instances, wrong = dict[str, Instance[Any]](), dict[str, str]()
        for section in SECTIONS:
            node = spec_node.child(section)
            outdented_names = (
                self._outdented_instances(section, node, document, report) if node else set()
            )
            for name, child in sorted(node.entries()) if node else ():
                if name in outdented_names:
                    wrong[name] = _type(section, name, child)
                    continue
                if name in section_of:
                    paths = (("spec", section, name), ("spec", section_of[name], name))
                    _report_duplicate(name, *paths, document, report)
                    continue
                section_of[name] = section
                part = Part(child, ("spec", section, name), document)
                read = partial(self._instance, settings, platform, section, name, part)
                instance, diagnostics = self._memo.once(
                    partial(collected, read), ("instance", platform, section, name), child, settings
                )
                report.extend(diagnostics)
                if instance is not None:
                    instances[name] = instance
                if diagnostics:
                    wrong[name] = instance.type if instance else _type(section, name, child)
        return instances, wrong

    def _outdented_instances(
        self, section: str, node: Node, document: Node, report: Report
    ) -> set[str]:
        """Report empty instances whose keys are not indented below them.

        Returns the names of these instances and keys: the keys are no instances.
        """
        names = set[str]()
        for name, child in node.entries():
            model = _spec_of(section, name) if child.value is None else None
            keys = outdented_fields(node, name, model) if model else ()
            if keys:
                names |= {name, *keys}
                report_empty_key(("spec", section, name), document, report, indent(keys, name))
        return names

    def _instance(
        self, settings: Settings, platform: str, section: str, name: str, part: Part, report: Report
    ) -> Instance[Any] | None:
        """Parse one instance. Returns None if its name or its whole section is wrong."""
        type = _type(section, name, part.node)
        model = _spec_of(section, type)
        if model is None:
            report_unknown_type(type, part.node.child("type"), part.path, part.document, report)
        spec = self._parse(model, part, report) if model else None
        if model is None and closest(name, registry.all_types()) and not part.node.child("type"):
            return None  # a misspelt type is no wrong name as well
        is_key = _check_name(name, part.path, part.document.span_of(part.path), report)
        if spec is None or not is_key:
            return None
        space = spec.namespace or settings.namespace
        return Instance(name, section, type, space, spec, platform, settings)

    def _parse(
        self, model: type[S], part: Part, report: Report, read: Callable[[Node], Any] = Node.plain
    ) -> S | None:
        parsed = partial(_parsed, model, part, read)
        section, diagnostics = self._memo.once(partial(collected, parsed), model, part.node)
        report.extend(diagnostics)
        return section


def _parsed(model: type[S], part: Part, read: Callable[[Node], Any], report: Report) -> S | None:
    """Parse a section, and report its errors."""
    value = read(part.node)
    try:
        return parse(model, value)
    except ValidationError as error:
        report_errors(error, model, part.path, part.document, report)
        return _without_errors(model, value, error)


def _without_errors(model: type[S], value: Any, error: ValidationError) -> S | None:
    """Parse a section without its wrong values, so that the other values are used and judged."""
    for field_error in field_errors(error, model):
        value = without(value, field_error.loc)
    try:
        return parse(model, value)
    except ValidationError:
        return None


def _has_right_outline(node: Node, model: type[Section]) -> bool:
    """Whether a part of the outline has only known keys, and maps as its sections."""
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
        return SINGULAR[section]
    if type_node is None:
        return name
    value = type_node.value
    return value if isinstance(value, str) else json.dumps(type_node.plain())


def _reader_without(*keys: str) -> Callable[[Node], Any]:
    """A function that reads a map without the values below these keys."""
    return lambda node: node.plain(keys)


def _check_name(name: str, path: Path, span: Span, report: Report) -> bool:
    """Report a key that is not a valid name. Returns whether it is one."""
    try:
        check_name(name)
    except InvalidValue as error:
        message = value_masked(error.message, path, name)
        report.add(error.code, message, span, path=path, help=error.help)
        return False
    return True


def _report_duplicate(name: str, path: Path, earlier: Path, document: Node, report: Report) -> None:
    report.add(
        "duplicate-name",
        f"`{name}` names a {SINGULAR[str(path[1])]} and a {SINGULAR[str(earlier[1])]}",
        document.span_of(path),
        path=path,
        help="components, models and workloads share one set of names; rename one of them",
        related=[Related("the other one", document.span_of(earlier))],
    )
