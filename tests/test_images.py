"""Air gap: no image escapes the list, the mirror or the lock, wherever it is named."""

from __future__ import annotations

import json
import re
import shutil
import threading
from collections.abc import Iterator
from email.message import Message
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socket import EAI_AGAIN, EAI_NONAME, gaierror
from typing import Any
from urllib.error import HTTPError, URLError

import click
import pytest
import yaml
from click.testing import CliRunner
from msgspec.structs import replace
from ruamel.yaml import YAML
from support import command_line
from support.paths import ROOT, SCENARIOS
from support.scenarios import compiled, scenario_names

from compiler import pipeline
from compiler.cli import platformc
from compiler.derive.images import derive
from compiler.derive.used_images import images
from compiler.diagnostics import Report
from compiler.emit.manifests import manifests
from compiler.model.images import Rewriter
from compiler.model.package import Lowered, Package
from compiler.model.resource import ConfigFiles, Phase, Resource
from compiler.pipeline import Compilation
from compiler.spec.image import full_name, mirrored, split_image, upstreams
from compiler.spec.settings import Registry
from compiler.upstream import lock
from compiler.upstream.https import unreachable
from compiler.upstream.image_digests import UnknownImageError, digest

MIRROR = "mirror.example.internal:5000/cache"
PIN = f"sha256:{'ab' * 32}"


@cache
def behind_a_mirror(scenario: str) -> Compilation:
    """A scenario whose registry is a mirror, in every environment."""
    spec = YAML(typ="safe").load((SCENARIOS / scenario / "platform.yaml").read_text())
    spec["spec"].setdefault("registry", {})["mirror"] = MIRROR
    for overrides in (spec["spec"].get("environments") or {}).values():
        (overrides.get("registry") or {}).pop("mirror", None)
    text, locked = (
        json.dumps(spec, ensure_ascii=False),
        lock.read(SCENARIOS / scenario / "platform.yaml"),
    )
    result = pipeline.compile(text.encode(), "platform.yaml", locked)
    assert not result.report.failed, result.report.sorted()
    return result


def image_like(value: Any) -> Iterator[str]:
    """Every word in a manifest that reads like an image: a path, and a tag or digest."""
    if isinstance(value, dict):
        for inner in value.values():
            yield from image_like(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from image_like(inner)
    elif isinstance(value, str):
        for word in re.split(r"[\s\"'`=,;()<>{}\[\]]+", value):
            name, tag, pin = split_image(word.removeprefix("docker://"))
            if "/" in name and (pin or re.search(r"\d", tag)):
                yield word.removeprefix("docker://")


@pytest.mark.parametrize("scenario", scenario_names())
def test_nothing_in_the_output_looks_like_an_image_that_the_list_lacks(scenario: str) -> None:
    for result in (compiled(scenario), behind_a_mirror(scenario)):
        for name in result.environments:
            lowered = result.lowered[name]
            listed = {image.reference for image in images(lowered)}
            assert listed or not pods(lowered)
            assert set(image_like(manifests(lowered))) <= listed | unpulled(lowered)


def pods(lowered: Lowered) -> list[str]:
    return [
        manifest["kind"]
        for manifest in manifests(lowered)
        if manifest["kind"] in ("Deployment", "Job")
    ]


def unpulled(lowered: Lowered) -> set[str]:
    """Text of the user's own that is none of the compiler's business: arguments, variables."""
    return {
        word
        for instance in lowered.graph.instances.values()
        if instance.section == "workloads"
        for word in image_like([list(instance.spec.args), list(instance.spec.env.values())])
    }


@pytest.mark.parametrize("scenario", scenario_names())
def test_the_mirror_serves_every_image(scenario: str) -> None:
    result = behind_a_mirror(scenario)
    for name in result.environments:
        plain = {image.source for image in images(compiled(scenario).lowered[name])}
        actual = images(result.lowered[name])
        assert {image.source for image in actual} == plain
        assert all(image.reference == f"{MIRROR}/{image.source}" for image in actual)


BY_UPSTREAM = {
    "docker.io": "harbor.example.internal/hub",
    "quay.io": "harbor.example.internal/quay",
    "*": "harbor.example.internal/rest",
}


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        ("postgres:17.9", "harbor.example.internal/hub/library/postgres:17.9"),
        ("argoproj/argoexec:v3.7.1", "harbor.example.internal/hub/argoproj/argoexec:v3.7.1"),
        ("quay.io/minio/mc:1", "harbor.example.internal/quay/minio/mc:1"),
        ("ghcr.io/mlflow/mlflow:3", "harbor.example.internal/rest/ghcr.io/mlflow/mlflow:3"),
        ("harbor.example.internal/vision/train:1.0", "harbor.example.internal/vision/train:1.0"),
        ("harbor.example.internal/hub/library/postgres:17.9", "harbor.example.internal/hub/library/postgres:17.9"),
    ],
)  # fmt: skip
def test_a_mirror_for_each_upstream_doubles_nothing(image: str, expected: str) -> None:
    assert mirrored(image, BY_UPSTREAM) == expected
    if "/vision/" not in image and not image.startswith("harbor"):
        assert upstreams(expected, BY_UPSTREAM) == full_name(image)


@pytest.mark.parametrize("mirrors", [BY_UPSTREAM, {"*": "harbor.example.internal/rest"}])
def test_the_older_name_of_docker_hub_has_the_same_mirror(mirrors: dict[str, str]) -> None:
    old, new = (f"{registry}/library/redis:7.2.4" for registry in ("index.docker.io", "docker.io"))
    assert mirrored(old, mirrors) == mirrored(new, mirrors) != old
    assert (
        mirrored("docker.io/redis:7.2.4", mirrors)
        == mirrored("redis:7.2.4", mirrors)
        == mirrored(new, mirrors)
    )


def test_one_mirror_doubles_no_image_of_its_own_registry() -> None:
    assert mirrored(
        "harbor.acme.internal/vision/train:1.0", {"*": "harbor.acme.internal/mirror"}
    ) == ("harbor.acme.internal/vision/train:1.0")


def test_an_upstream_without_a_mirror_is_left_alone() -> None:
    assert (
        mirrored("ghcr.io/a/b:1", {"docker.io": "harbor.example.internal/hub"}) == "ghcr.io/a/b:1"
    )


RELEASES = "https://files.example.internal/releases"
URL = re.compile(r"\b(?:https?|oci)://([\w.-]+)")
INSIDE = re.compile(
    r"(.*\.)?(example\.(com|internal|org)|internal|local|svc|corp|localhost)|[\w-]+|[\d.]+"
)


@pytest.mark.parametrize("scenario", scenario_names())
def test_a_mirrored_air_gap_prints_no_outside_address(scenario: str, tmp_path: Path) -> None:
    spec = YAML(typ="safe").load((SCENARIOS / scenario / "platform.yaml").read_text())
    spec_hosts = tuple(re.findall(r"[\w-]+(?:\.[\w-]+)+", json.dumps(spec)))
    spec["spec"]["registry"] = {"mirror": MIRROR, "releases": RELEASES}
    for overrides in (spec["spec"].get("environments") or {}).values():
        overrides.pop("registry", None)
    (tmp_path / "platform.yaml").write_text(json.dumps(spec, ensure_ascii=False))
    for pinned in (SCENARIOS / scenario).glob(lock.NAME):
        shutil.copy(pinned, tmp_path)
    for folder in (SCENARIOS / scenario).glob("certs"):
        shutil.copytree(folder, tmp_path / folder.name)
    hosts = {host for host in printed(tmp_path) if not INSIDE.fullmatch(host)}
    assert {host for host in hosts if not host.endswith(spec_hosts)} == set()


@pytest.mark.parametrize("verb", platformc.list_commands(click.Context(platformc)))
def test_no_help_names_an_outside_address(verb: str) -> None:
    help_text = CliRunner().invoke(platformc, ["help", verb]).stdout
    assert help_text
    assert {host for host in URL.findall(help_text) if not INSIDE.fullmatch(host)} == set()


def printed(folder: Path) -> Iterator[str]:
    """The hosts of all URLs in the output, and in the printed commands of an installation."""
    file = folder / "platform.yaml"
    result = pipeline.compile(file.read_bytes(), "platform.yaml", lock.read(file))
    assert not result.report.failed, result.report.sorted()
    for text in result.tree(result.environments).values():
        yield from URL.findall(text)
    for environment in result.environments:
        for verb in ("prerequisites", "apply-plan"):
            plan = CliRunner().invoke(platformc, [verb, environment, "-f", str(file)])
            assert plan.exit_code == 0, plan.output
            yield from URL.findall(plan.stdout)


def package(name: str, manifest: dict[str, Any], **files: str) -> Package:
    configs = (ConfigFiles("settings", "ml", files),) if files else ()
    return Package(name, "spec", Phase.SERVERS, "ml", (Resource(manifest),), configs)


def with_packages(mirror: str | None, *packages: Package) -> Lowered:
    """A platform of just these packages."""
    lowered = compiled("minimal").lowered["default"]
    registry = Registry(mirror=mirror)
    settings = lowered.platform.settings.model_copy(update={"registry": registry})
    platform = replace(lowered.platform, settings=settings)
    return replace(
        lowered, platform=platform, packages={package.name: package for package in packages}
    )


CLUSTER = {
    "apiVersion": "postgresql.cnpg.io/v1",
    "kind": "Cluster",
    "metadata": {"name": "pg", "namespace": "ml"},
    "spec": {"imageName": "ghcr.io/cnpg/postgresql:17.6", "instances": 1},
}
POD = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "p", "namespace": "ml"},
    "spec": {"containers": [{"name": "main", "image": "argoproj/argoexec:v3.7.1"}]},
}
CONTROLLER = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "controller", "namespace": "ml"},
    "spec": {"args": ["--executor-image=argoproj/argoexec:v3.7.1", "--port=v3.7.1"]},
}


def test_images_in_custom_resources_arguments_and_files_are_listed_and_rewritten() -> None:
    before = with_packages(
        MIRROR,
        package("a", CLUSTER),
        package("b", POD),
        package("c", CONTROLLER, **{"c.yaml": "executor: docker://argoproj/argoexec:v3.7.1\n"}),
    )
    after = derive(before, Report())
    executor = f"{MIRROR}/docker.io/argoproj/argoexec:v3.7.1"
    assert [image.reference for image in images(after)] == [
        executor,
        f"{MIRROR}/ghcr.io/cnpg/postgresql:17.6",
    ]
    controller = after.packages["c"]
    arguments = controller.resources[0].manifest["spec"]["args"]
    assert arguments == [f"--executor-image={executor}", "--port=v3.7.1"]
    assert controller.configs[0].files["c.yaml"] == f"executor: docker://{executor}\n"
    assert derive(after, Report()).packages == after.packages


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("postgres:17", "M/postgres:17"),
        ("x/postgres:17", "x/postgres:17"),
        ("postgres:17.1", "postgres:17.1"),
        ("postgres:17-alpine", "postgres:17-alpine"),
        ("run postgres:17.", "run M/postgres:17."),
        ("mypostgres:17", "mypostgres:17"),
        ("a=postgres:17,b=postgres:17", "a=M/postgres:17,b=M/postgres:17"),
        ("postgres:17@sha256:0", "postgres:17@sha256:0"),
        ("M/postgres:17", "M/postgres:17"),
        ("quay.io/a/postgres:17", "M/other"),
    ],
)
def test_only_whole_references_are_rewritten(text: str, expected: str) -> None:
    names = {"postgres:17": "M/postgres:17", "quay.io/a/postgres:17": "M/other"}
    assert Rewriter(names).text(text) == expected


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        ("postgres:17", "docker.io/library/postgres:17"),
        ("edoburu/pgbouncer:1", "docker.io/edoburu/pgbouncer:1"),
        ("localhost/app:1", "localhost/app:1"),
        ("quay.io/minio/mc:1", "quay.io/minio/mc:1"),
        ("registry:5000/app:1", "registry:5000/app:1"),
        ("docker.io/busybox:1", "docker.io/library/busybox:1"),
        ("index.docker.io/busybox:1", "docker.io/library/busybox:1"),
        ("index.docker.io/edoburu/pgbouncer:1", "docker.io/edoburu/pgbouncer:1"),
    ],
)
def test_full_names(image: str, expected: str) -> None:
    assert full_name(image) == expected


def copy_of_the_reference(folder: Path) -> Path:
    spec = folder / "platform.yaml"
    spec.write_text((ROOT / "platform.yaml").read_text())
    return spec


def not_of_settings(listed: str) -> list[dict[str, Any]]:
    """The listed images without those in upstream's settings, which have a tag alone."""
    return [image for image in json.loads(listed) if "argoexec" not in image["image"]]


def test_the_lock_pins_and_the_output_follows(tmp_path: Path) -> None:
    spec = copy_of_the_reference(tmp_path)
    plain = not_of_settings(run("images", "dev", "-f", spec, "--format", "json"))
    assert {image["digest"] for image in plain} == {None}
    lock = {"images": {image["image"]: PIN for image in plain}}
    (tmp_path / "platform.lock").write_text(yaml.safe_dump(lock))
    pinned = not_of_settings(run("images", "dev", "-f", spec, "--format", "json"))
    assert [image["image"] for image in pinned] == [image["image"] for image in plain]
    assert {image["digest"] for image in pinned} == {PIN}
    rendered = run("render", "dev", "-f", spec)
    assert set(re.findall(r" image: (\S+)", rendered)) == {image["pulled"] for image in pinned}
    assert all(image["pulled"].endswith(f"@{PIN}") for image in pinned)


def test_pairs_name_what_to_copy_and_where_to(tmp_path: Path) -> None:
    spec = copy_of_the_reference(tmp_path)
    text = spec.read_text().replace("rendered: true", f'registry: {{mirror: "{MIRROR}"}}')
    spec.write_text(text)
    for line in run("images", "dev", "-f", spec, "--format", "pairs").splitlines():
        source, target = line.split()
        assert target == f"docker://{MIRROR}/{source.removeprefix('docker://')}"


def test_a_pinned_image_is_copied_by_its_digest_alone(tmp_path: Path) -> None:
    """skopeo refuses a name with a tag and a digest (skopeo#2367); only a tag can be pushed."""
    spec = copy_of_the_reference(tmp_path)
    spec.write_text(spec.read_text().replace("rendered: true", f'registry: {{mirror: "{MIRROR}"}}'))
    plain = not_of_settings(run("images", "dev", "-f", spec, "--format", "json"))
    lock = {"images": {image["image"]: PIN for image in plain}}
    (tmp_path / "platform.lock").write_text(yaml.safe_dump(lock))
    lines = run("images", "dev", "-f", spec, "--format", "pairs").splitlines()
    pairs = {line.split()[1]: line.split()[0] for line in lines}
    for image in plain:
        name = image["image"].rpartition(":")[0]
        assert pairs[f"docker://{MIRROR}/{image['image']}"] == f"docker://{name}@{PIN}"


def test_an_image_that_keeps_its_name_has_no_pair(tmp_path: Path) -> None:
    """A copy onto itself would ask for the right to push to its publisher."""
    spec = copy_of_the_reference(tmp_path)
    mirror = 'registry: {mirror: {docker.io: "registry.example.internal/hub"}}'
    spec.write_text(spec.read_text().replace("rendered: true", mirror))
    result = CliRunner().invoke(platformc, ["images", "dev", "-f", str(spec), "--format", "pairs"])
    lines = result.stdout.splitlines()
    assert lines
    assert all(line.startswith("docker://docker.io/") for line in lines)
    assert "not copied: no mirror is for the registry of ghcr.io/mlflow/mlflow" in result.stderr
    assert "registry.example.internal/datasets" not in result.output
    spec.write_text(spec.read_text().replace(mirror, "rendered: true"))
    result = CliRunner().invoke(platformc, ["images", "dev", "-f", str(spec), "--format", "pairs"])
    assert "write `registry: {mirror: ...}` under `spec:` first" in result.stderr


def test_an_environment_can_ask_for_digests(tmp_path: Path) -> None:
    """Where it asks, a tag alone does not compile; the lock that `images --pin` writes is enough."""
    spec = copy_of_the_reference(tmp_path)
    text = spec.read_text().replace("rendered: true", "registry: {requireDigests: true}")
    spec.write_text(text)
    result = CliRunner().invoke(platformc, ["validate", "-f", str(spec)])
    assert result.exit_code == 1
    assert "error[unpinned-image]" in result.stderr
    digests = {
        record["image"]: PIN
        for environment in ("dev", "prod")
        for record in json.loads(run("images", environment, "-f", spec, "--format", "json"))
    }
    (tmp_path / "platform.lock").write_text(yaml.safe_dump({"images": digests}))
    run("validate", "-f", spec)
    digests.popitem()
    (tmp_path / "platform.lock").write_text(yaml.safe_dump({"images": digests}))
    assert CliRunner().invoke(platformc, ["validate", "-f", str(spec)]).exit_code == 1


def test_an_image_that_a_patch_mounts_is_like_all_others(tmp_path: Path) -> None:
    volume = '{name: z, image: {reference: "example.com/x:1"}}'
    operation = f"{{op: add, path: /spec/template/spec/volumes/-, value: {volume}}}"
    text = f"""\
apiVersion: platformc/v1alpha1
kind: Platform
metadata: {{name: example}}
spec:
  registry: {{requireDigests: true}}
  workloads:
    report:
      image: example.com/report:1@{PIN}
      run: once
      command: [report]
      patches: [{{target: {{kind: Job, name: report}}, operations: [{operation}]}}]
"""
    (tmp_path / "platform.yaml").write_text(text)
    spec = tmp_path / "platform.yaml"
    result = CliRunner().invoke(platformc, ["validate", "-f", str(spec)])
    assert "`example.com/x:1` has no digest" in result.stderr
    spec.write_text(text.replace("requireDigests: true", f"mirror: {MIRROR}"))
    assert f"{MIRROR}/example.com/x:1" in run("images", "default", "-f", spec)


@pytest.mark.parametrize(
    "text",
    [
        "images: {a: latest}",
        'images: {a: "sha256:zz evil\\n# x"}',
        "images: {a: 'sha256:../../x'}",
        f"images: {{a: 'sha256:{'0' * 63}'}}",
        f"images: {{a: 'sha256:{'0' * 64}\n'}}",
        f"images: {{5: 'sha256:{'0' * 64}'}}",
        "images: [a]",
        "operators: 5",
        "operators: [1]",
        "operators: {kserve: {a: 'sha256:x'}}",
        "[" * 3000,
        "[" * 3000 + "]" * 3000,
        "a: &a [1, 1]\nimages: *a",
        "images: {<<: {a: b}}",
        "images: {a: !!timestamp x}",
        "images: {a: 2001-13-45}",
        "--- {}\n--- {}",
        "\x00",
    ],
)
def test_a_broken_lock_is_refused(text: str, tmp_path: Path) -> None:
    spec = copy_of_the_reference(tmp_path)
    (tmp_path / "platform.lock").write_text(text)
    result = CliRunner().invoke(platformc, ["images", "dev", "-f", str(spec)])
    assert result.exit_code == 2
    refusals = ("holds", "is not YAML", "is nested deeper than 100 levels")
    assert any(f"platform.lock {refusal}" in result.stderr for refusal in refusals)


def test_a_lock_that_no_registry_filled_is_an_empty_one(tmp_path: Path) -> None:
    (tmp_path / "platform.yaml").write_text("")
    lock.write(tmp_path / "platform.yaml", lock.Lock())
    assert (tmp_path / "platform.lock").read_text()
    assert lock.read(tmp_path / "platform.yaml") == lock.Lock()


def run(*words: object) -> str:
    result = command_line.run(*words)
    assert result.exit_code == 0, result.output
    return str(result.stdout)


class _Registry(BaseHTTPRequestHandler):
    """A registry with one image, which wants a token."""

    def do_HEAD(self) -> None:
        if self.headers.get("Authorization") != "Bearer let-me-in":
            host = self.headers["Host"]
            self.send_response(401)
            challenge = f'Bearer realm="http://{host}/token",service="r",scope="repository:pull"'
            self.send_header("WWW-Authenticate", challenge)
        elif self.path == "/v2/team/app/manifests/1.4":
            assert "application/vnd.oci.image.index.v1+json" in self.headers["Accept"]
            self.send_response(200)
            self.send_header("Docker-Content-Digest", PIN)
        else:
            self.send_response(404)
        self.end_headers()

    def do_GET(self) -> None:
        assert self.path == "/token?service=r&scope=repository%3Apull"
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"token": "let-me-in"}')

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: the tests' output is for failures."""


@pytest.fixture
def registry() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Registry)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_a_registry_is_asked_for_digests(registry: str) -> None:
    assert digest(f"{registry}/team/app:1.4") == PIN
    with pytest.raises(UnknownImageError, match="404"):
        digest(f"{registry}/team/app:1.5")


def test_pinning_writes_the_lock_and_keeps_what_it_could_not_ask(
    registry: str, tmp_path: Path
) -> None:
    spec = tmp_path / "platform.yaml"
    spec.write_text(
        "apiVersion: platformc/v1alpha1\nkind: Platform\nmetadata: {name: p}\nspec:\n"
        "  workloads:\n"
        f"    known: {{image: '{registry}/team/app:1.4', run: once}}\n"
        f"    unknown: {{image: '{registry}/team/app:1.5', run: once}}\n"
    )
    result = CliRunner().invoke(platformc, ["images", "default", "-f", str(spec), "--pin"])
    assert result.exit_code == 1
    assert "404" in result.stderr
    actual = yaml.load((tmp_path / "platform.lock").read_text(), yaml.CSafeLoader)
    assert actual == {"images": {f"{registry}/team/app:1.4": PIN}}


def test_an_image_is_used_where_it_is_a_whole_word() -> None:
    """`job:1` is a part of `job:1.2`, and no image of that workload."""
    result = pipeline.compile(
        b"""\
apiVersion: platformc/v1alpha1
kind: Platform
metadata: {name: p}
spec:
  workloads:
    early: {image: 'registry.example.com/job:1'}
    later: {image: 'registry.example.com/job:1.2'}
    fetch: {image: 'registry.example.com/fetch:1', command: [pull, 'oci://registry.example.com/job:1']}
""",
        "platform.yaml",
    )
    users = {image.reference: image.users for image in images(result.lowered["default"])}
    assert users["registry.example.com/job:1"] == ("early", "fetch")
    assert users["registry.example.com/job:1.2"] == ("later",)


def test_the_images_of_a_spec_from_the_standard_input_are_pinned(
    registry: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    spec = (
        "apiVersion: platformc/v1alpha1\nkind: Platform\nmetadata: {name: p}\nspec:\n"
        f"  workloads:\n    known: {{image: '{registry}/team/app:1.4', run: once}}\n"
    )
    words = ["images", "default", "-f", "-", "--pin"]
    result = CliRunner().invoke(platformc, words, input=spec)
    assert result.exit_code == 0, result.output
    assert lock.written(Path("-")).images == {f"{registry}/team/app:1.4": PIN}


def test_a_registry_that_does_not_answer_is_asked_once_and_no_lock_is_written(
    tmp_path: Path,
) -> None:
    spec = tmp_path / "platform.yaml"
    spec.write_text(
        "apiVersion: platformc/v1alpha1\nkind: Platform\nmetadata: {name: p}\nspec:\n"
        "  registry: {mirror: harbor.acme.invalid/mirror}\n"
        "  components: {seaweedfs: {}, postgres: {}, mlflow: {}}\n"
    )
    result = CliRunner().invoke(platformc, ["images", "default", "-f", str(spec), "--pin"])
    assert result.exit_code == 1
    lines = result.stderr.splitlines()
    assert sum("harbor.acme.invalid: no" in line for line in lines) == len(lines) - 1 == 1
    assert "stays as it is" in lines[-1]
    assert not (tmp_path / "platform.lock").exists()


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (URLError(gaierror(EAI_NONAME, "Name or service not known")), "no such host"),
        (URLError(gaierror(EAI_AGAIN, "Temporary failure")), "no name server answers"),
        (URLError(ConnectionRefusedError(111, "Connection refused")), "it refuses connections"),
        (TimeoutError("timed out"), "no answer within 60 seconds"),
        (ConnectionResetError(104, "reset by peer"), "[Errno 104] reset by peer"),
        (HTTPError("https://a.b", 404, "Not Found", Message(), None), None),
        (OSError("no token"), None),
    ],
)
def test_the_reason_that_a_server_cannot_be_reached(error: Exception, reason: str | None) -> None:
    assert unreachable(error) == reason
