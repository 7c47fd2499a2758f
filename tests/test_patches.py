"""Every object can be reached: the test walks all objects of all scenarios and patches each."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import pytest
from msgspec.structs import replace
from support.diagnosing import compiled as compiled_text
from support.diagnosing import diagnosed
from support.scenarios import compiled, scenario_names

from compiler.derive import patches
from compiler.diagnostics import Report
from compiler.model.manifest import Manifest
from compiler.model.package import Lowered
from compiler.model.resource import NOT_SUBSTITUTED
from compiler.spec.patch import Patch, PatchOperation, PatchTarget
from compiler.upstream.prerequisites import prerequisites, required, vendored

MARK = "example.com~1reached"


def patch_of(kind: str, namespace: str, name: str, path: str, value: object) -> Patch:
    operation = PatchOperation(op="add", path=path, value=value)
    target = PatchTarget(kind=kind, name=name, namespace=namespace or None)
    return Patch(target=target, operations=(operation,))


def patches_of(lowered: Lowered) -> dict[tuple[Any, ...], list[Patch]]:
    """A patch for each object and config file, by the section that reaches it."""
    by_owner: dict[tuple[Any, ...], list[Patch]] = defaultdict(list)
    for package in lowered.packages.values():
        section = by_owner[patches.owner(package)]
        for resource in package.resources:
            key = (resource.kind, resource.namespace, resource.name)
            section.append(patch_of(*key, *_mark(resource.manifest)))
        for config in package.configs:
            key = ("ConfigMap", config.namespace, config.name)
            section.append(patch_of(*key, "/data/reached", "yes"))
    for package in list(lowered.models.values())[:20]:  # thousands are alike
        for resource in package.resources:
            key = (resource.kind, resource.namespace, resource.name)
            by_owner[patches.owner(package)].append(patch_of(*key, *_mark(resource.manifest)))
    for instance in lowered.platform.instances.values():
        if instance.section == "components":
            for manifest in required(instance, lowered.graph.wiring(instance.name)):
                metadata = manifest["metadata"]
                key = (manifest["kind"], metadata.get("namespace", ""), metadata["name"])
                by_owner[instance.path].append(patch_of(*key, *_mark(manifest)))
    return by_owner


def _mark(manifest: Manifest) -> tuple[str, object]:
    if manifest["metadata"].get("annotations"):
        return f"/metadata/annotations/{MARK}", "yes"
    return "/metadata/annotations", {"example.com/reached": "yes"}


def _with_patches(lowered: Lowered, by_owner: dict[tuple[Any, ...], list[Patch]]) -> Lowered:
    platform = lowered.platform
    instances = {}
    for name, instance in platform.instances.items():
        added = tuple(by_owner.get(instance.path, ()))
        changes: dict[str, Any] = {"patches": added}
        if hasattr(instance.spec, "files"):
            changes["files"] = {}  # they are in the files already
        spec = instance.spec.model_copy(update=changes)
        instances[name] = replace(instance, spec=spec)
    settings = platform.settings.model_copy(update={"patches": tuple(by_owner.get(("spec",), ()))})
    return replace(lowered, platform=replace(platform, instances=instances, settings=settings))


def marked(manifest: Manifest) -> bool:
    annotations: dict[str, str] = manifest["metadata"].get("annotations", {})
    return annotations.get("example.com/reached") == "yes"


@pytest.mark.parametrize("name", scenario_names())
def test_every_object_is_reached(name: str) -> None:
    environments = {
        key: lowered_platform
        for key, lowered_platform in compiled(name).lowered.items()
        if key is not None
    }
    lowered = environments[min(environments)]
    by_owner = patches_of(lowered)
    report = Report()
    patched = patches.derive(_with_patches(lowered, by_owner), report)
    assert report.sorted() == []
    count = 0
    for package in (*patched.packages.values(), *list(patched.models.values())[:20]):
        for resource in package.resources:
            assert marked(resource.manifest), resource.id
            count += 1
        for config in package.configs if package.name in patched.packages else ():
            assert config.files["reached"] == "yes", config.name
            count += 1
    instances = {instance.name: instance for instance in patched.platform.instances.values()}
    graph = replace(patched.graph, instances={**patched.graph.instances, **instances})
    for prerequisite in (*prerequisites(graph), *vendored(graph)):
        assert all(marked(manifest) for manifest in prerequisite.objects), prerequisite.name
        count += len(prerequisite.objects)
    assert count >= sum(map(len, by_owner.values()))


SPEC = """\
apiVersion: platformc/v1alpha1
kind: Platform
metadata: {{name: p}}
spec:
  components:
    seaweedfs: {{}}
    postgres: {{}}
    redis: {{{redis}}}
    pgbouncer: {{{pgbouncer}}}
    feast: {{offlineStore: file, {feast}}}
"""


def text(redis: str = "", pgbouncer: str = "", feast: str = "") -> bytes:
    return SPEC.format(redis=redis, pgbouncer=pgbouncer, feast=feast).encode()


def files(data: bytes, package: str, file: str) -> str:
    lowered = compiled_text(data).lowered["default"]
    (content,) = (
        config.files[file] for config in lowered.packages[package].configs if file in config.files
    )
    return str(content)


def test_lines_and_keys_are_added_to_config_files() -> None:
    data = text(
        redis='files: {redis.conf: "maxclients 500"}',
        pgbouncer='files: {pgbouncer.ini: "server_idle_timeout = 60"}',
        feast="files: {feature_store.yaml: {online_store: {full_scan_for_deletion: false}}}",
    )
    assert diagnosed(data) == []
    assert files(data, "redis", "redis.conf").endswith("\n\nmaxclients 500\n")
    assert files(data, "pgbouncer", "pgbouncer.ini").endswith("\n\nserver_idle_timeout = 60\n")
    store = files(data, "feast", "feature_store.yaml")
    assert "full_scan_for_deletion: false" in store
    assert "connection_string:" in store


def test_keys_are_not_merged_into_a_file_that_is_no_map() -> None:
    """redis.conf is no YAML: its additions are lines."""
    (diagnostic,) = diagnosed(text(redis="files: {redis.conf: {maxclients: 500}}"))
    assert diagnostic.code == "wrong-type"
    assert "`redis.conf` of `redis` is no map of YAML" in diagnostic.message


@pytest.mark.parametrize(
    ("fields", "key", "field"),
    [
        ({"redis": 'files: {redis.conf: "maxclients 5\\nmaxmemory 5gb"}'}, "maxmemory", "memory"),
        ({"redis": 'files: {redis.conf: "maxmemory-policy noeviction"}'}, "maxmemory-policy", "eviction"),
        ({"pgbouncer": 'files: {pgbouncer.ini: "default_pool_size=100"}'}, "default_pool_size", "poolSize"),
        ({"feast": "files: {feature_store.yaml: {project: x}}"}, "project", "project"),
        ({"pgbouncer": 'files: {pgbouncer.ini: "auth_type = any"}'}, "auth_type", "rest of the spec"),
    ],
)  # fmt: skip
def test_a_key_that_follows_from_a_field_names_it(
    fields: dict[str, str], key: str, field: str
) -> None:
    (diagnostic,) = diagnosed(text(**fields))
    assert diagnostic.code == "derived-key"
    assert f"`{key}` already" in diagnostic.message
    assert field in diagnostic.help[0]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"redis": 'files: {redis.con: "maxclients 5"}'}, "has no file `redis.con`"),
        ({"redis": "patches: [{target: {kind: ConfigMap, name: redis}, "
                   "operations: [{op: add, path: /metadata/labels, value: {}}]}]"}, "its `/data` alone"),
        ({"redis": "patches: [{target: {kind: ConfigMap, name: redis}, "
                   "operations: [{op: add, path: /data/a, value: 5}]}]"}, "its `/data` alone"),
    ],
)  # fmt: skip
def test_what_reaches_nothing_is_refused(fields: dict[str, str], message: str) -> None:
    (diagnostic,) = diagnosed(text(**fields))
    assert diagnostic.code == "patch-misses"
    assert message in diagnostic.message


# An operation on the StatefulSet of `redis`: the reason why it does not fit, and the help.
UNFIT = {
    "{op: test, path: /spec/replicas, value: 5}": ("the value at `/spec/replicas` is not `5`", ()),
    "{op: add, path: /metadata/annotations/example.com~1a, value: b}": (
        "there is no `/metadata/annotations`",
        ("add it as a map: `{op: add, path: /metadata/annotations, value: {example.com/a: b}}`",)),
    "{op: replace, path: /spec/replica, value: 1}": (
        "there is no `/spec/replica`", ("did you mean `/spec/replicas`?",)),
    "{op: copy, from: /spec/replica, path: /spec/a}": (
        "there is no `/spec/replica`", ("did you mean `/spec/replicas`?",)),
    "{op: add, path: /spec/template/spec/containers/name/env, value: []}": (
        "there is no `/spec/template/spec/containers/name`",
        ("`/spec/template/spec/containers` is a list: write the index 0; `-` as the last part of an `add` appends to it",)),
    "{op: remove, path: /spec/replicas/a}": (
        "there is no `/spec/replicas/a`, because `/spec/replicas` is neither a map nor a list", ()),
    "{op: add, path: spec/a, value: 1}": ("the path `spec/a` does not begin with `/`", ("write `/spec/a`",)),
    "{op: add, path: /spec/a}": ("the operation `add` has no `value`", ("add `value: ...`",)),
    "{op: move, path: /spec/a}": (
        "the operation `move` has no `from`", ("add `from: /...`, a path of the object",)),
    "{op: move, from: /spec, path: /spec/template/a}": ("Cannot move values into their own children", ()),
}  # fmt: skip


@pytest.mark.parametrize("operation", UNFIT)
def test_an_operation_that_does_not_fit_has_its_reason_and_the_text_to_type(operation: str) -> None:
    target = "{kind: StatefulSet, name: redis}"
    (diagnostic,) = diagnosed(
        text(redis=f"patches: [{{target: {target}, operations: [{operation}]}}]")
    )
    reason, help = UNFIT[operation]
    message = f"the patch does not fit StatefulSet `redis`: {reason}"
    assert (diagnostic.code, diagnostic.message) == ("patch-misses", message)
    assert diagnostic.help == help


def test_the_operation_that_does_not_fit_is_marked_and_no_later_one_below_its_path() -> None:
    operations = "[{op: replace, path: /spec/a, value: 1}, {op: add, path: /spec/a/b, value: 1}]"
    data = text(
        redis=f"patches: [{{target: {{kind: StatefulSet, name: redis}}, operations: {operations}}}]"
    )
    (diagnostic,) = diagnosed(data)
    assert diagnostic.path[-2:] == ("operations", 0)


def test_a_patch_in_the_wrong_part_of_the_spec_names_the_right_one() -> None:
    section, operation = "{kind: StatefulSet, name: redis}", "{op: remove, path: /spec/replicas}"
    patch = f"patches: [{{target: {section}, operations: [{operation}]}}]"
    (diagnostic,) = diagnosed(text(pgbouncer=patch))
    assert diagnostic.help == ("write the patch under `redis`, to which this object belongs",)
    (diagnostic,) = diagnosed(text() + f"  {patch}\n".encode())
    assert diagnostic.help == ("write the patch under `redis`, to which this object belongs",)
    space = patch.replace(section, "{kind: Namespace, name: mlops}")
    (diagnostic,) = diagnosed(text(redis=space))
    assert diagnostic.help == (
        "write the patch directly under `spec:`, to which this object belongs",
    )


def test_patches_of_the_platform_reach_namespaces() -> None:
    patch = """\
  patches:
    - target: {kind: Namespace, name: mlops}
      operations: [{op: add, path: /metadata/labels/team, value: data}]
"""
    data = text() + patch.encode()
    assert diagnosed(data) == []
    packages = compiled_text(data).lowered["default"].packages
    (space,) = (
        resource for resource in packages["namespaces"].resources if resource.kind == "Namespace"
    )
    assert space.manifest["metadata"]["labels"]["team"] == "data"
    (missed,) = diagnosed(data.replace(b"name: mlops}\n", b"name: mlop}\n"))
    assert (missed.code, "did you mean `Namespace mlops`?" in missed.help) == ("patch-misses", True)


def test_patched_images_and_references_of_a_model_are_finished_like_those_of_a_workload() -> None:
    data = b"""\
apiVersion: platformc/v1alpha1
kind: Platform
metadata: {name: p}
spec:
  registry: {mirror: mirror.example.com/hub}
  components:
    kserve: {mode: standard}
  models:
    churn:
      image: registry.example.com/churn:1
      access: inside
      patches:
        - target: {kind: InferenceService, name: churn}
          operations:
            - {op: replace, path: /spec/predictor/containers/0/image, value: "quay.io/churn/server:2"}
            - {op: add, path: /spec/predictor/containers/0/env, value: [{name: X, value: "${HOME}"}]}
"""
    (service,) = (
        resource.manifest
        for resource in compiled_text(data).lowered["default"].models["churn"].resources
        if resource.kind == "InferenceService"
    )
    (container,) = service["spec"]["predictor"]["containers"]
    assert container["image"] == "mirror.example.com/hub/quay.io/churn/server:2"
    assert NOT_SUBSTITUTED.items() <= service["metadata"]["annotations"].items()
