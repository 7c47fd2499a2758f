"""No credential in a message, a quoted line or a report, wherever the user put it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from copy import deepcopy
from functools import cache, partial
from itertools import cycle
from json import dumps as json_text
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.command_line import run
from support.diagnosing import HEADER, diagnosed
from support.paths import SCENARIOS
from support.scenarios import scenario_names

from compiler.commands.options import FORMATS
from compiler.diagnostics import github, json, junit, masked_files, masking, sarif, text
from compiler.model import Path as Keys
from compiler.validate.language import language_words

RENDERERS = {"text": text, "json": json, "sarif": sarif, "github": github, "junit": junit}
SECRET = "hunter2hunter2"
TOKEN = "AKIA" + "Q3EGRXWZ7JNM5DTK"  # of the form that AWS gives its key ids
RANDOM = "wJalrXUtnFEMI7K7" + "MDENGbPxRfiCY8xQ2vT4nLp0Zs"

W = "spec:\n  workloads:\n    w: {image: 'a:1', "
PATCH = (
    "spec:\n  components: {postgres: {}, mlflow: {}}\n  patches:\n"
    "  - target: {kind: Deployment, name: mlflow}\n    operations: [{op: add, path: "
)
HIDDEN = {
    "after an unknown key": f"spec:\n  components:\n    minio: {{rootPwd: {SECRET}}}\n",
    "after a misspelt key": f"spec:\n  components:\n    minio: {{pasword: {SECRET}}}\n",
    "beside a misspelt key": f"spec:\n  components:\n    minio: {{pasword: {SECRET}, replicas: x}}\n",
    "below an unknown key": f"spec:\n  components:\n    minio:\n      auth: {{user: a, pw: {SECRET}}}\n",
    "behind a comma in quotes": f'spec:\n  components:\n    minio: {{auth: "a, {SECRET}", replicas: x}}\n',
    "behind a quote in quotes": f'spec:\n  components:\n    minio: {{auth: "a\\", {SECRET}", replicas: x}}\n',
    "in a list in braces": f"spec:\n  components:\n    minio: {{auth: [a, {SECRET}], replicas: x}}\n",
    "behind a comma outside braces": f"spec:\n  components:\n    minio:\n      auth: a, {SECRET}\n",
    "of a variable": (
        f"spec:\n  workloads:\n    w: {{image: 'a:1', env: {{DB_PASSWORD: {SECRET}, X: 1}}}}\n"
    ),
    "of a wrong value": f"spec:\n  secrets: {{provider: local, password: {SECRET}}}\n",
    "in a URL": f"spec:\n  domain: https://user:{SECRET}@example.com\n",
    "in a URI of a model": (
        f"spec:\n  models:\n    m: {{format: xgboost, uri: 'https://key:{SECRET}@minio/models'}}\n"
    ),
    "in a broken line": f"spec:\n  token: {SECRET}]\n  a: [\n",
    "in a text of several lines": f"spec:\n  privateKey: |\n    {SECRET}\n    \t{SECRET}: [\n   x\n",
    "in a list of a variable": f"{W}env: {{DB_PASSWORD: [{SECRET}]}}}}\n",
    "in braces of a variable": f"{W}env: {{DB_PASSWORD: {{value: {SECRET}}}}}}}\n",
    "after a short name": f"{W}env: {{DB_PASS: {SECRET}, X: 1}}, labels: {{db-pass: {SECRET}!}}}}\n",
    "as a patch's value": f'{PATCH}/metadata/labels/password, value: "{SECRET}!"}}]\n',
    "in the list of a patch's value": f"{PATCH}/metadata/annotations/password, value: [{SECRET}]}}]\n",
    "of a variable in a patch": (
        f"{PATCH}/spec/template/spec/containers/0/env/-, value: {{name: DB_PASSWORD, value: [{SECRET}]}}}}]\n"
    ),
    "on the line below a patch's path": (
        "spec:\n  components: {mlflow: {patches: [\n    {target: {kind: Deployment}, operations: [\n"
        f"      {{op: add,\n       path: /metadata/labels/password,\n       value: {SECRET}!}}]}}]}}}}\n"
    ),
    "in a comment": f"spec:\n  domain: x # password {SECRET}\n  x: y # pw: {SECRET}\n",
    "in curl's option": f"{W}command: curl -u admin:{SECRET} x}}\n",
    "in a header": f"{W}command: [curl, -H, 'Authorization: Bearer {SECRET}']}}\n",
    "in the option of a client": (
        f"{W}command: [redis-cli, -a, {SECRET}], args: sshpass -p {SECRET} ssh x}}\n"
    ),
    "in mysql's option": f"{W}command: [mysql, -p{SECRET}]}}\n",
    "in quotes that never close": f'spec:\n  password: "{SECRET}\n',
}


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("case", sorted(HIDDEN))
def test_hidden(case: str, form: str) -> None:
    spec = HEADER + HIDDEN[case]
    actual = diagnosed(spec.encode())
    assert actual
    assert SECRET not in RENDERERS[form].render(actual, {"platform.yaml": spec})


@pytest.mark.parametrize("form", FORMATS)
def test_token_is_hidden_by_its_form(form: str) -> None:
    spec = f"{HEADER}spec:\n  domain: {TOKEN}/x\n"
    rendered = RENDERERS[form].render(diagnosed(spec.encode()), {"platform.yaml": spec})
    assert TOKEN not in rendered
    assert "********" in rendered


# In texts of other forms than `key: value`, wherever a message or a line of the spec would quote them

JOB = "spec:\n  workloads:\n    w:\n      image: 'a/b:1'\n"
PATCH = (
    "spec:\n  components:\n    postgres:\n      patches:\n        - target: {kind: StatefulSet, name: postgres}\n"
    "          operations: [{op: OP, path: /spec/PATH, value: {password: SECRET}}]\n"
)
FORMS = {
    "an option in a text": JOB + "      command: mysql --password SECRET\n",
    "a variable in a text": JOB + "      command: PGPASSWORD=SECRET psql\n",
    "an option before a number": JOB + "      command: [mysql, --password, SECRET, 5]\n",
    "an option in a list": JOB + "      command: [mysql, --password, SECRET]\n      bad: 1\n",
    "MySQL's own form": JOB + "      command: [sh, -c, 'mysql -pSECRET']\n      bad: 1\n",
    "a label": "spec:\n  components: {postgres: {labels: {password: 'SECRET!'}}}\n",
    "a patch that tests": PATCH.replace("OP", "test", 1).replace("PATH", "replicas"),
    "a patch that breaks a schema": PATCH.replace("OP", "add", 1).replace("PATH", "serviceName"),
    "a name in uses": JOB + "      uses: ['token=SECRET']\n",
    "a host of an image": "spec:\n  workloads: {w: {image: 'u:SECRET@host.example.com/a:latest'}}\n",
    "a comment": JOB + "      run: x # pw is SECRET\n",
}


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("case", sorted(FORMS))
def test_hidden_in_other_texts(case: str, form: str) -> None:
    spec = HEADER + FORMS[case].replace("SECRET", SECRET)
    findings = diagnosed(spec.encode())
    assert findings
    assert SECRET not in RENDERERS[form].render(findings, {"platform.yaml": spec})


def test_the_path_of_a_patch_is_no_credential() -> None:
    path = "/spec/template/spec/containers/0/securityContext/readOnlyRootFilesystem"
    operation = f"{{op: replace, path: {path}, value: x}}"
    target = "{kind: StatefulSet, name: postgres}"
    spec = (
        f"{HEADER}spec:\n  components:\n    postgres:\n      patches:\n"
        f"        - target: {target}\n          operations: [{operation}]\n"
    )
    actual = diagnosed(spec.encode())
    assert {diagnostic.code for diagnostic in actual} == {"schema-violation"}
    assert path in text.render(actual, {"platform.yaml": spec})


def test_what_stands_beside_is_shown() -> None:
    spec = f"{HEADER}spec:\n  components:\n    minio: {{auth: [a, {{b: '}}, x'}}], replicas: x}} # no\n"
    rendered = text.render(diagnosed(spec.encode()), {"platform.yaml": spec})
    assert rendered.count("    minio: {auth: ********, replicas: x} # no\n") == 2


def test_what_is_no_credential_is_shown() -> None:
    spec = (
        f"{HEADER}spec:\n  secrets: {{provider: vault}}\n  registry: {{pullSecrets: [Bad_Name]}}\n"
    )
    rendered = text.render(diagnosed(spec.encode()), {"platform.yaml": spec})
    assert "`vault`" in rendered
    assert "pullSecrets: [Bad_Name]" in rendered


# Values that are words of the compiler, each with a text that must be whole
OWN_WORDS = {
    "postgres: {auth: {postgresPassword: secret}}": "(`platformc secrets list`)",
    "postgres: {password: postgres}": "unknown key `password` in `postgres`",
    "postgres: {password: storage}": "`resources`, `storage`, `storageClass`",
    "redis: {password: mlflow, image: 'ghcr.io/mlflow/mlflow:latest'}": "`ghcr.io/mlflow/mlflow:latest` is floating",
    "minio: {password: validate}\n    mlfow: {}": "error[unknown-type]: `mlfow` is not a component type",
    "redis: {password: allkeys-lru, eviction: x}": "`allkeys-lru`",
}  # fmt: skip


@pytest.mark.parametrize("component", OWN_WORDS)
def test_a_credential_hides_no_word_of_the_compiler(component: str, tmp_path: Path) -> None:
    spec = tmp_path / "platform.yaml"
    spec.write_text(f"{HEADER}spec:\n  components:\n    {component}\n")
    result = run("validate", "-f", spec)
    assert OWN_WORDS[component] in result.stderr
    assert ": ********" in result.stderr


@pytest.mark.parametrize("case", sorted(HIDDEN.keys() | FORMS.keys()))
def test_a_credential_that_is_a_word_of_the_compiler_is_hidden_as_a_value(case: str) -> None:
    text_of = {**FORMS, **HIDDEN}[case].replace(SECRET, "SECRET")
    spec = HEADER + text_of.replace("SECRET", "serverless")
    assert "serverless" in language_words()
    for form in FORMATS:
        rendered = RENDERERS[form].render(
            diagnosed(spec.encode()), {"platform.yaml": spec}, language_words
        )
        assert "serverless" not in rendered


def test_what_a_help_says_to_type_is_shown() -> None:
    spec = f"{HEADER}spec:\n  components:\n    external-postgres: {{host: pg.acme.com, existingSecret: acme-pg}}\n"
    rendered = text.render(diagnosed(spec.encode()), {"platform.yaml": spec})
    assert "takes `credentials: {secret: NAME}`" in rendered


def test_a_suggestion_does_not_spell_a_masked_value_in_small_letters() -> None:
    spec = f"{HEADER}spec:\n  tls: {{secret: Hunter2_Password}}\n"
    (diagnostic,) = [entry for entry in diagnosed(spec.encode()) if entry.code == "invalid-name"]
    assert "********" in diagnostic.message
    assert diagnostic.help == ()


def test_the_name_of_a_secret_is_shown_and_a_reference_to_a_variable() -> None:
    line = (
        "tls: {secret: edge-tls}, HF_TOKEN: {secret: hf, key: x}, password=${FEAST_REDIS_PASSWORD}"
    )
    assert masking.masked(line) == line
    for help in (
        "write `configMap: NAME` or `secret: NAME`",
        "add `secret: NAME`, or `token: ...`.",
    ):
        assert masking.masked(help) == help
    assert masking.masked("secret: Hunter2") == "secret: ********"
    assert masking.masked("`secret: Hunter2`") != "`secret: Hunter2`"
    assert masking.masked("secretKey: hunter2") == "secretKey: ********"
    assert masking.masked("password: $ecret") == "password: ********"


def test_a_command_line_in_an_object_hides_its_passwords() -> None:
    words = ["a", "--password", SECRET, "mysql", f"-p{SECRET}", "curl", "-u", f"me:{SECRET}"]
    hidden = [
        "********" if SECRET in word else word for word in words
    ]  # whole words, as in a list of YAML
    assert masking.hidden({"command": words}) == {"command": hidden}


HARMLESS_COMMANDS = [
    "redis-cli -p 6379 ping",
    "train.py -u http://mlflow:5000 --user alice:staff",
    "exporter -db mysql -port 9104",
    "curl -H 'Authorization: Bearer $TOKEN' -u me:$PASSWORD x",
    "curl -H 'Authorization: Bearer {token}' -u me:<password> x",
]


@pytest.mark.parametrize("command", HARMLESS_COMMANDS)
def test_options_that_hold_no_password_are_no_credentials(command: str) -> None:
    assert masking.masked(command) == command
    for value in (command, command.split(" ")):
        spec = f"{HEADER}spec:\n  workloads:\n    w: {{image: 'a.io/a:1', command: {json_text([value] if isinstance(value, str) else value)}}}\n"
        assert "plaintext-secret" not in {entry.code for entry in diagnosed(spec.encode())}


# Every value of the user: each field and each map of the language, with the scenarios' values

PLANTED = {
    "token": (TOKEN, TOKEN),
    "password in a URL": (f"postgres://me:{SECRET}@db/x", SECRET),
    "random text": (RANDOM, RANDOM),
}
Place = tuple[str, Keys]  # a scenario, and where in its spec


def _walk(value: Any, path: Keys = ()) -> Iterator[tuple[Keys, Any]]:
    yield path, value
    for key, inner in _inside(value):
        yield from _walk(inner, (*path, key))


def _inside(value: Any) -> Iterable[tuple[Any, Any]]:
    if isinstance(value, dict):
        return value.items()
    return enumerate(value) if isinstance(value, list) else ()


def _kind(document: Any, path: Keys) -> Keys:
    """A path without the names that users choose: equal for one field of the language."""
    parts: list[str | int] = []
    for index, part in enumerate(path):
        section = path[index - 1] if index else ""
        if section == "components":
            inner = _at(document, path[: index + 1])
            part = inner.get("type", part) if isinstance(inner, dict) else part
        named = section in ("models", "workloads", "environments")
        parts.append("*" if named or isinstance(part, int) else part)
    return tuple(parts)


def _at(document: Any, path: Keys) -> Any:
    for part in path:
        document = document[part]
    return document


@cache
def places() -> dict[bool, dict[Keys, Place]]:
    """Every scalar (False) and every map (True) that any scenario's spec has, once, in the shortest spec."""
    actual: dict[bool, dict[Keys, Place]] = {False: {}, True: {}}
    for name in sorted(
        scenario_names(), key=lambda name: len(yaml.dump(_spec(name), Dumper=yaml.CSafeDumper))
    ):
        document = _spec(name)
        for path, value in _walk(document):
            if not isinstance(value, list):
                actual[isinstance(value, dict)].setdefault(_kind(document, path), (name, path))
    return actual


@cache
def _spec(scenario: str) -> Any:
    return yaml.load((SCENARIOS / scenario / "platform.yaml").read_text(), yaml.CSafeLoader)


def displayed(spec_path: Place, plant: Callable[[Any, Any], None], whole_tree: bool) -> str:
    """All that any format prints of a spec in which something was planted."""
    scenario, path = spec_path
    document = deepcopy(_spec(scenario))
    if path[:2] != ("spec", "environments"):
        document["spec"].pop("environments", None)  # each takes as long as the rest of the spec
    plant(_at(document, path if whole_tree else path[:-1]), path[-1] if path else "")
    text = yaml.dump(document, Dumper=yaml.CSafeDumper, sort_keys=False, width=1000)
    actual = diagnosed(text.encode())
    return "".join(
        renderer.render(actual, {"platform.yaml": text}) for renderer in RENDERERS.values()
    )


Texts = tuple[str, ...]
ALL: Texts = tuple(text for text, _ in PLANTED.values())


def _replaced(texts: Texts, at: Any, key: Any) -> None:
    at[key] = texts[0]


def _in_list(texts: Texts, at: Any, key: Any) -> None:
    at[key] = list(texts)


def _in_map(texts: Texts, at: Any, key: Any) -> None:
    at[key] = {f"x{number}": text for number, text in enumerate(texts)}


def _after_unknown_keys(texts: Texts, at: Any, key: Any) -> None:
    at.update({f"stranger{number}": text for number, text in enumerate(texts)})


def _as_keys(texts: Texts, at: Any, key: Any) -> None:
    at.update({text: {} for text in texts})


Planting = tuple[Texts, Callable[[Texts, Any, Any], None]]
# Whether a planting needs a map, and its kinds, which take turns: one for each place. In place of a value, a text
# has to stand alone.
PLANTINGS: dict[str, tuple[bool, list[Planting]]] = {
    "as a value": (False, [((text,), _replaced) for text in ALL]),
    "in a list or map": (False, [(ALL, _in_list), (ALL, _in_map)]),
    "after unknown keys": (True, [(ALL, _after_unknown_keys)]),
    "as keys": (True, [(ALL, _as_keys)]),
}


# Each planting with the turn of its first kind. All turns after the first run with the live tests, for they take long.
TURNS = [
    pytest.param(planting, turn, marks=[pytest.mark.live] if turn else [])
    for planting, (_, kinds) in PLANTINGS.items()
    for turn in range(len(kinds))
]


@pytest.mark.parametrize(("planting", "turn"), TURNS)
def test_nothing_secret_is_shown_wherever_it_stands(planting: str, turn: int) -> None:
    whole_tree, kinds = PLANTINGS[planting]
    visible = []
    by_turns = cycle([*kinds[turn:], *kinds[:turn]])
    for (field, place), (texts, plant) in zip(places()[whole_tree].items(), by_turns, strict=False):
        output = displayed(place, partial(plant, texts), whole_tree)
        visible += [(field, secret) for secret in secrets_in(output, texts)]
    assert visible == []


def secrets_in(output: str, texts: Texts) -> list[str]:
    """The planted secrets that an output shows, in capitals or not."""
    secrets = (secret for text, secret in PLANTED.values() if text in texts)
    return [secret for secret in secrets if secret.casefold() in output.casefold()]


UNMASKED = {  # without the masking of messages and of quoted lines
    "as a value": ("metadata", "name"),
    "as keys": ("spec", "components", "mlflow"),
}


@pytest.mark.parametrize("planting", UNMASKED)
def test_what_is_planted_would_be_shown(planting: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(masking, "masked", lambda text, values=None: text)
    monkeypatch.setattr(masking, "tokens", lambda line: ())
    monkeypatch.setattr(masked_files, "tokens", lambda line: ())
    whole_tree, [(texts, plant), *_] = PLANTINGS[planting]
    output = displayed(("minimal", UNMASKED[planting]), partial(plant, texts), whole_tree)
    assert secrets_in(output, texts)


def test_there_are_places_to_look_at() -> None:
    assert len(places()[False]) > 150
    assert len(places()[True]) > 80
