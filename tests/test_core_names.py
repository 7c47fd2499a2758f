"""The core knows Kubernetes' kinds and no others, and no component's name.

A fact about a component or an upstream system is in the component's folder, in `interfaces/` or in
`upstream/`, and the core reads it there: else a component of another package is worth less than one
of the compiler's own.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from support.custom_resources import custom_resources
from support.paths import ROOT

from compiler import registry

COMPILER = ROOT / "compiler"
NOT_CORE = ("components", "tenants", "interfaces", "upstream", "secrets")
# Files about one system that is no component, and words of the language that are kinds as well.
ALLOWED = {
    ("delivery/argocd/applications.py", "AppProject"): "the files of delivery by Argo CD itself",
    (
        "delivery/argocd/applications.py",
        "ApplicationSet",
    ): "the files of delivery by Argo CD itself",
    ("commands/argocd.py", "ApplicationSet"): "the files of delivery by Argo CD itself",
    ("spec/settings.py", "SecretStore"): "`spec.secrets.store.kind` names a kind of the user's",
    (
        "spec/settings.py",
        "ClusterSecretStore",
    ): "`spec.secrets.store.kind` names a kind of the user's",
    ("spec/access.py", "ClusterIssuer"): "`spec.tls.issuer.kind` names a kind of the user's",
    ("diff/data.py", "Cluster"): "the heading of a change of the whole cluster, in a diff",
    ("diagnostics/credentials.py", "mysql"): "the client whose option `-p` takes a password",
    ("diagnostics/synonyms.py", "knative"): "a mode by its name in KServe, which a user may type",
}
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:[-_][A-Za-z0-9]+)*")


@cache
def upstream_kinds() -> frozenset[str]:
    """The kinds of all operators' APIs but those that share their name with one of Kubernetes' own."""
    lines = (ROOT / "schemas/crds/index.tsv").read_text().splitlines()[1:]
    builtin = {path.name.partition("-")[0] for path in ROOT.glob("schemas/kubernetes-*/*.json")}
    kinds = {line.split("\t")[1] for line in lines}
    return frozenset(kind for kind in kinds if kind.lower() not in builtin)


@cache
def type_names() -> frozenset[str]:
    """The component types with a name that is no common word, nor that of an interface."""
    interfaces = {path.stem.replace("_", "-") for path in (COMPILER / "interfaces").glob("*.py")}
    # `ingress` is also a key of NetworkPolicies.
    common = {*interfaces, "ingress"}
    return frozenset(registry.builtin_types()) - common | {"redis", "mlflow", "lakefs", "mysql"}


def test_the_core_knows_no_component_and_no_upstream_kind() -> None:
    actual = {(file, name) for path in core() for file, name in names_in(path)}
    assert sorted(actual - ALLOWED.keys()) == []
    assert sorted(ALLOWED.keys() - actual) == []
    assert len(ALLOWED) < 10


def test_the_search_finds_what_it_looks_for(tmp_path: Path) -> None:
    for code, name in SAMPLES.items():
        assert set(names_of(ast.parse(code))) == ({name} if name else set()), code


SAMPLES = {
    'x = "InferenceService"': "InferenceService",
    'x = "externalsecret.external-secrets.io"': "ExternalSecret",
    'x = "Cluster"': "Cluster",
    'x = "Cluster of the platform"': "",
    'x = "Service"': "",
    'x = "use mlflow for that"': "mlflow",
    'if type == "cloudnative-pg": pass': "cloudnative-pg",
    "from compiler.components.bases import redis": "redis",
    "from compiler.components import mlflow as m": "mlflow",
    "x = knative.LOCAL": "knative",
    '"""About mlflow and the InferenceService."""': "",
}


def test_every_alternative_of_an_expression_counts() -> None:
    assert set(names_of(ast.parse('x = "Database|Cluster"'))) == {"Database", "Cluster"}


def core() -> Iterator[Path]:
    for path in sorted(COMPILER.rglob("*.py")):
        if path.relative_to(COMPILER).parts[0] not in NOT_CORE:
            yield path


def names_in(path: Path) -> Iterator[tuple[str, str]]:
    file = str(path.relative_to(COMPILER))
    return ((file, name) for name in names_of(ast.parse(path.read_text())))


def names_of(tree: ast.Module) -> Iterator[str]:
    docstrings = set(map(id, _docstrings(tree)))
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            if id(node) not in docstrings:
                yield from _in_text(node.value)
        else:
            yield from (name for name in _identifiers(node) if name in type_names())


def _docstrings(tree: ast.Module) -> Iterator[ast.expr]:
    """Strings that are statements: they document the line before, or a file, class or function."""
    return (node.value for node in ast.walk(tree) if isinstance(node, ast.Expr))


def _in_text(text: str) -> Iterator[str]:
    kinds = {kind.lower(): kind for kind in upstream_kinds()}
    # A kind of one word may be a common word as well: it counts where the compiler makes objects of
    # it, and where it is all of an alternative.
    named_kinds = set(text.split("|")) & {kind for _, kind in custom_resources()}
    for word in _WORD.findall(text):
        kind = kinds.get(word.lower())
        if word.lower() in type_names():
            yield word.lower()
        elif kind and (len(re.findall("[A-Z]", kind)) > 1 or word in named_kinds):
            yield kind


def _identifiers(node: ast.AST) -> list[str]:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name) | ast.arg(arg=name):
            names = [name]
        case ast.ImportFrom(module=module, names=aliases):
            names = [*(module or "").split("."), *(alias.name for alias in aliases)]
        case _:
            names = []
    return [name.replace("_", "-") for name in names]
