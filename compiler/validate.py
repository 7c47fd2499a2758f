"""Document to platform: every section parsed by its Spec, every mistake said in the user's words."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal, TypeVar, get_args, get_origin

from pydantic import BaseModel, Field, RootModel, ValidationError
from pydantic_core import ErrorDetails

from compiler import registry, tenants
from compiler.diagnostics import Fix, Related, Report, correction, listing, near, suggestion
from compiler.diagnostics.masking import value_masked
from compiler.model.document import Node, Path
from compiler.model.graph import Instance
from compiler.model.package import Platform
from compiler.model.spec import Metadata, Section, Settings
from compiler.model.words import Name
from compiler.specialise import Variants, named_by_keys

M = TypeVar("M", bound=BaseModel)
API_VERSION = "platformc/v1alpha1"
SECTIONS = ("components", "models", "workloads")


class Header(Section):
    """The root of the spec."""

    api_version: Literal["platformc/v1alpha1"]
    kind: Literal["Platform"]
    metadata: Metadata
    spec: dict[str, Any]


class Shape(Settings):
    """`spec`, with the instances still unread; `environments` are merged before."""

    components: dict[str, Any] = Field({})
    models: dict[str, Any] = Field({})
    workloads: dict[str, Any] = Field({})


class Names(RootModel[dict[Name, Any]]):
    """What the keys of a section of instances, or of `environments`, may be."""


class Validator:
    """Parses the documents of one compile; what they share is parsed once, and stays one object."""

    def __init__(self) -> None:
        self._parsed: dict[tuple[int, type[BaseModel]], tuple[Node, BaseModel]] = {}
        self._settings: list[Settings] = []
        self._unread = Settings()  # in place of those that are wrong
        self._known: dict[tuple[int, str, str, int], Instance[Any]] = {}

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
        instances = dict(
            self._instances(settings or self._unread, name, spec_node, document, report)
        )
        failed = len(report.diagnostics) > before and report.failed
        if header is None or settings is None or failed:
            return None
        metadata = header.metadata
        return Platform(metadata.name, metadata.labels, settings, instances, document, environment)

    def _settings_of(self, spec: Node, document: Node, report: Report) -> Settings | None:
        """What a spec says besides its instances, whose names are looked at too."""
        shape = self._parse(Shape, spec, ("spec",), document, report, _without(*SECTIONS))
        sections = [(name, node) for name in SECTIONS if (node := spec.child(name)) is not None]
        names = [
            self._parse(Names, node, ("spec", name), document, report, Node.outline)
            for name, node in sections
            if isinstance(node.value, dict)
        ]
        if shape is None or None in names:
            return None
        found = Settings.model_construct(
            **{name: getattr(shape, name) for name in Settings.model_fields}
        )
        for known in self._settings:
            if known == found:
                return known
        self._settings.append(found)
        return found

    def _instances(
        self, settings: Settings, platform: str, spec_node: Node, document: Node, report: Report
    ) -> Iterable[tuple[str, Instance[Any]]]:
        seen: dict[str, Path] = {}
        for section in SECTIONS:
            node = spec_node.child(section)
            for name, child in sorted(node.entries()) if node else ():
                path: Path = ("spec", section, name)
                if name in seen:
                    _duplicate(name, path, seen[name], document, report)
                    continue
                seen[name] = path
                model, type = self._model(section, name, child, path, document, report)
                spec = self._parse(model, child, path, document, report) if model else None
                if spec is None:
                    continue
                key = (id(child), name, type, id(settings))
                if key not in self._known:
                    space = spec.namespace or settings.namespace  # type: ignore[attr-defined]  # every instance's Spec has it
                    self._known[key] = Instance(
                        name, section, type, space, spec, platform, settings
                    )
                yield name, self._known[key]

    def _model(
        self, section: str, name: str, node: Node, path: Path, document: Node, report: Report
    ) -> tuple[type[BaseModel] | None, str]:
        if section != "components":
            return tenants.module(section).Spec, section.rstrip("s")
        given = node.child("type")
        type = str(given.value) if given else name
        component = registry.component(type)
        if component is None:
            _unknown_type(name, type, given, path, document, report)
            return None, type
        return component.Spec, type

    def _parse(
        self, model: type[M], node: Node, path: Path, document: Node, report: Report,
        read: Callable[[Node], Any] = Node.plain,
    ) -> M | None:  # fmt: skip
        known = self._parsed.get((id(node), model))
        if known is not None:
            return known[1]  # type: ignore[return-value]  # the key holds the model
        try:
            parsed = model.model_validate(read(node))
        except ValidationError as error:
            for detail in _causes(error.errors(include_url=False), model):
                _explain(detail, model, node, path, document, report)
            return None
        # The node is kept beside its result: an id is only its own while it lives.
        self._parsed[(id(node), model)] = (node, parsed)
        return parsed


def _without(*keys: str) -> Callable[[Node], Any]:
    """Reads a map but for what is below some of its keys."""
    return lambda node: node.plain(keys)


def validate(variants: Variants, report: Report) -> dict[str | None, Platform]:
    """Every effective spec, the base's under None. Empty when any has errors."""
    _environment_names(variants, report)
    validator = Validator()
    documents: dict[str | None, Node] = {None: variants.base}
    documents.update(variants.environments)
    platforms: dict[str | None, Platform] = {}
    for environment, document in documents.items():
        platform = validator.platform(document, environment, report.within(environment))
        if platform is not None:
            platforms[environment] = platform
    return {} if report.failed else platforms


def _environment_names(variants: Variants, report: Report) -> None:
    for name in variants.environments:
        try:
            Names.model_validate({name: None})
        except ValidationError as error:
            detail = error.errors(include_url=False)[0]
            report.add(
                detail["type"],
                detail["ctx"]["text"],
                variants.names.get(name),
                path=("spec", "environments", name),
                help=detail["ctx"]["help"],
            )


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
        help=(*suggestion(type, types), f"the types are {listing(types)}")
        if given
        else (
            *suggestion(type, types),
            "the key is the type; an instance of another name says its `type:`",
        ),
        fix=correction(given.span if given else document.span_of(path), type, types),
    )


def _causes(details: Sequence[ErrorDetails], model: type[BaseModel]) -> Iterator[ErrorDetails]:
    """Without the keys that are missing because they are misspelt right there."""
    extra = [detail["loc"] for detail in details if detail["type"] == "extra_forbidden"]
    meant = {(*loc[:-1], near(str(loc[-1]), _keys(model, loc[:-1]))) for loc in extra}
    if any(_below_spec(model, loc) for loc in extra):
        meant.add(("spec",))
    for detail in details:
        if detail["type"] != "missing" or detail["loc"] not in meant:
            yield detail


def _below_spec(model: type[BaseModel], loc: tuple[int | str, ...]) -> bool:
    """Whether a key at the top belongs one level down."""
    return model is Header and len(loc) == 1 and loc[0] in {*_keys(Shape, ())}


def _explain(
    detail: ErrorDetails, model: type[BaseModel], node: Node, path: Path, document: Node,
    report: Report,
) -> None:  # fmt: skip
    """Turn one of pydantic's errors into a diagnostic."""
    loc = tuple(part for part in detail["loc"] if part != "[key]")
    full = (*path, *loc)
    code, message, help = _reason(detail, model, full)
    message = value_masked(message, full, detail["input"])
    on_key = code in ("unknown-key", "missing-key", "null-value") or detail["loc"][-1:] == (
        "[key]",
    )
    span = document.span_of(full) if on_key else document.value_span(full)
    fix = _fix(detail, model, document, full)
    report.add(code, message, span, path=full, help=help, fix=fix)


def _fix(detail: ErrorDetails, model: type[BaseModel], document: Node, full: Path) -> Fix | None:
    """The edit that takes one of pydantic's errors away, where only one can be meant."""
    kind, given, value = detail["type"], detail["input"], document.at(full)
    if kind == "extra_forbidden":
        keys = _keys(model, detail["loc"][:-1])
        return correction(document.span_of(full), str(full[-1]), keys)
    if value.span.line != value.span.end_line:
        return None
    if given is None:
        return Fix(value.span, _EMPTY[kind]) if kind in _EMPTY else None
    if kind == "string_type" and isinstance(given, (bool, int, float)):
        return Fix(value.span)
    if not isinstance(given, str):
        return None
    if kind == "literal_error":
        return correction(value.span, given, _allowed(detail))
    text = detail.get("ctx", {}).get("meant") or _unquoted(kind, given)
    return Fix(value.span, text) if text else None


_EMPTY = {"model_type": "{}", "dict_type": "{}", "tuple_type": "[]"}
_NOTHING = {"{}": "all defaults", "[]": "none"}
_SWITCHES = {
    "true": "true",
    "yes": "true",
    "on": "true",
    "false": "false",
    "no": "false",
    "off": "false",
}


def _unquoted(kind: str, text: str) -> str | None:
    """What a text is where a number, a switch or a list belongs, if it can be one."""
    if kind == "int_type" and re.fullmatch(r"-?[0-9]{1,9}", text):
        return text
    if kind == "bool_type":
        return _SWITCHES.get(text.lower())
    # A command line in one word is another mistake.
    return f"[{text}]" if kind == "tuple_type" and re.fullmatch(r"[a-z][a-z0-9-]*", text) else None


def _allowed(detail: ErrorDetails) -> tuple[str, ...]:
    """The words that a field takes."""
    expected = str(detail["ctx"]["expected"]).replace(" or ", ",")
    return tuple(part.strip("' ") for part in expected.split(","))


def _called(path: Path) -> str:
    """The last key of a path; an element of a list by its list's key."""
    names = [part for part in path if isinstance(part, str)]
    return names[-1] if names else "the spec"


_KINDS = {
    "string": "text", "int": "a whole number", "bool": "`true` or `false`", "float": "a number",
    "dict": "a map", "model": "a map", "tuple": "a list", "list": "a list",
}  # fmt: skip
_BOUNDS = {
    "greater_than_equal": ("at least", "ge"), "greater_than": ("more than", "gt"),
    "less_than_equal": ("at most", "le"), "less_than": ("less than", "lt"),
}  # fmt: skip


def _reason(
    detail: ErrorDetails, model: type[BaseModel], full: Path
) -> tuple[str, str, str | tuple[str, ...]]:
    kind, loc, context = detail["type"], detail["loc"], detail.get("ctx", {})
    key = _called(full)
    where = f"in `{_called(full[:-1])}`" if len(full) > 1 else "at the top"
    if "text" in context:
        return kind, context["text"], context["help"] or ()
    if kind == "extra_forbidden":
        keys = _keys(model, loc[:-1])
        help = suggestion(key, keys) or (f"the keys are {listing(keys)}",)
        if _below_spec(model, loc):
            help = (f"indent `{key}:` under `spec:`",)
        return "unknown-key", f"unknown key `{key}` {where}", help
    if kind == "missing":
        return "missing-key", f"`{key}` is missing {where}", _example(model, loc)
    if detail["input"] is None:
        empty = _EMPTY.get(kind)
        way_out = f"write `{empty}` for {_NOTHING[empty]}" if empty else "give it one"
        return "null-value", f"`{key}` has no value", f"{way_out}, or delete the key"
    if kind in _BOUNDS:
        words, bound = _BOUNDS[kind]
        return "out-of-range", f"`{key}` must be {words} {context[bound]}", ()
    if kind == "string_pattern_mismatch":
        field = _fields(model, loc[:-1]).get(key)
        return (
            "invalid-value",
            f"`{key}` cannot be {_shown(detail['input'])}",
            (getattr(field, "description", None) or f"it must match {context['pattern']}"),
        )
    if kind == "literal_error":
        expected = str(context["expected"]).replace("'", "`")
        help = (*suggestion(str(detail["input"]), _allowed(detail)), f"write {expected}")
        return "unknown-value", f"`{key}` cannot be {_shown(detail['input'])}", help
    base = kind.split("_")[0]
    if base in _KINDS and kind.endswith(("_type", "_parsing", "_attributes_type")):
        problem = f"`{key}` must be {_KINDS[base]}, not {_noun(detail['input'])}"
        return "wrong-type", problem, _way_out(base, detail["input"])
    return "invalid-value", f"`{key}`: {detail['msg'][:1].lower()}{detail['msg'][1:]}", ()


def _way_out(kind: str, given: Any) -> str | tuple[str, ...]:
    """How to write what was given as what belongs there."""
    if kind == "string" and not isinstance(given, (dict, list)):
        return "quote it"
    if kind in ("tuple", "list") and isinstance(given, str) and given.strip():
        return f"write `[{', '.join(given.split())}]`"
    if kind == "int" and isinstance(given, str) and given.strip().isdecimal():
        return "leave out the quotes"
    if kind in ("dict", "model"):
        return named_by_keys(given) or "write its keys in braces, `{...}`, or indented below it"
    return ()


def _noun(value: Any) -> str:
    match value:
        case bool():
            return f"`{str(value).lower()}`"
        case str():
            return "text"
        case int() | float():
            return "a number"
        case dict():
            return "a map"
        case _:
            return "a list"


def _shown(value: Any) -> str:
    return f"`{value}`" if isinstance(value, (str, int, float)) else _noun(value)


def _example(model: type[BaseModel], loc: tuple[int | str, ...]) -> str | tuple[str, ...]:
    field = _fields(model, loc[:-1]).get(str(loc[-1]))
    description = getattr(field, "description", None)
    return f"add `{loc[-1]}:`: {description}" if description else f"add `{loc[-1]}:`"


def _fields(model: Any, loc: tuple[int | str, ...]) -> Mapping[str, Any]:
    """The fields, by the user's key, of the section at a path below a model."""
    for part in loc:
        model = _below(model, part)
    section = _section(model)
    fields = section.model_fields.items() if section else ()
    return {field.alias or name: field for name, field in fields}


def _below(annotation: Any, part: int | str) -> Any:
    """What an annotation such as `dict[str, Mount]` or `Canary | None` says of one key below it."""
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is dict:
        return inner[1]
    if origin in (tuple, list):
        return inner[0]
    if origin is not None:
        return next((found for one in inner if (found := _below(one, part)) is not None), None)
    field = _fields(annotation, ()).get(str(part))
    return field.annotation if field else None


def _section(annotation: Any) -> type[BaseModel] | None:
    """The section that an annotation holds, at whatever depth."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    inner = (_section(part) for part in get_args(annotation))
    return next((found for found in inner if found is not None), None)


def _keys(model: type[BaseModel], loc: tuple[int | str, ...]) -> Iterable[str]:
    # The environments are merged before `spec` is validated.
    merged = ("environments",) if model is Shape and not loc else ()
    return (*_fields(model, loc), *merged)
