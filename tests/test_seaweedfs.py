"""SeaweedFS in servers apart: the arguments of each kind, the ratings of its changes, and the copies that hold it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from support.command_line import run
from support.sizes import codes

from compiler import pipeline
from compiler.components.seaweedfs import volumes
from compiler.diff import worst
from compiler.diff.compare import compare
from compiler.model.effects import Risk
from compiler.model.manifest import Manifest
from compiler.pipeline import Compilation
from compiler.spec.quantity import GIB

REST = "    postgres: {}\n    mlflow: {bind: {artifacts: seaweedfs}}\n"


def compiled(section: str, rest: str = REST, spec: str = "") -> Compilation:
    head = (
        f"apiVersion: platformc/v1alpha1\nkind: Platform\nmetadata: {{name: store}}\nspec:\n{spec}"
    )
    text = f"{head}  components:\n    seaweedfs: {section}\n{rest}"
    return pipeline.compile(text.encode(), "platform.yaml")


def pods(section: str) -> dict[str, Manifest]:
    """The pods of a store, by the names of their workloads."""
    package = compiled(section).lowered["default"].packages["seaweedfs"]
    return {
        resource.name: resource.manifest["spec"]["template"]["spec"]
        for resource in package.resources
        if resource.kind in ("Deployment", "StatefulSet")
    }


@pytest.fixture(scope="module")
def store() -> dict[str, Manifest]:
    """The pods of a store with three volume servers."""
    return pods("{replicas: 3}")


def test_every_server_knows_all_masters(store: dict[str, Manifest]) -> None:
    domain = "seaweedfs-master-headless.mlops.svc.cluster.local:9333"
    addresses = ",".join(f"seaweedfs-master-{number}.{domain}" for number in range(3))
    options = {"seaweedfs": "master", "seaweedfs-master": "peers", "seaweedfs-volume": "master"}
    for name, option in options.items():
        assert f"-{option}={addresses}" in store[name]["containers"][0]["args"]


def test_names_are_in_a_database_that_sorts_them_as_s3_does(store: dict[str, Manifest]) -> None:
    env = {variable["name"]: variable for variable in store["seaweedfs"]["containers"][0]["env"]}
    assert 'COLLATE "C"' in env["WEED_POSTGRES2_CREATETABLE"]["value"]
    assert env["WEED_POSTGRES2_DATABASE"]["value"] == "seaweedfs"
    assert env["PGPASSWORD"]["valueFrom"]["secretKeyRef"]["name"] == "seaweedfs-metadata"


@pytest.mark.parametrize(("copies", "word"), [(2, "001"), (3, "002")])
def test_copies_are_on_different_servers(copies: int, word: str) -> None:
    master = pods(f"{{replicas: 4, copies: {copies}}}")["seaweedfs-master"]["containers"][0]
    assert f"-defaultReplication={word}" in master["args"]
    growth = {"name": f"WEED_MASTER_VOLUME_GROWTH_COPY_{copies}", "value": "1"}
    assert growth in master["env"]


@pytest.mark.parametrize(("replicas", "copies", "expected"), [
    (2, 2, ["out-of-range"]), (3, 2, []), (3, 3, ["out-of-range"]), (4, 3, [])])  # fmt: skip
def test_a_store_that_loses_a_server_takes_what_comes(
    replicas: int, copies: int, expected: list[str]
) -> None:
    section = f"{{replicas: {replicas}, copies: {copies}}}"
    assert set(codes(f"    seaweedfs: {section}\n{REST}")) == set(expected)


@pytest.mark.parametrize(("before", "after", "expected"), [
    ("{replicas: 3}", "{replicas: 5}", Risk.RELOAD),
    ("{replicas: 5}", "{replicas: 4}", Risk.DATA_LOSS),
    ("{replicas: 4}", "{replicas: 4, copies: 3}", Risk.RESTART),
    ("{replicas: 3}", "{replicas: 3, storage: 80Gi}", Risk.DOWNTIME),
    ("{}", "{replicas: 3}", Risk.DATA_LOSS),
    ("{replicas: 3}", "{}", Risk.DATA_LOSS),
])  # fmt: skip
def test_a_change_is_rated(before: str, after: str, expected: Risk) -> None:
    changes = compare(compiled(before), compiled(after))
    assert worst(change.risk for change in changes) == expected


def test_a_server_more_stops_no_data(store: dict[str, Manifest]) -> None:
    """New servers go to the end: no pod, and so no disk, gets another name."""
    assert pods("{replicas: 5}")["seaweedfs-volume"] == store["seaweedfs-volume"]


def test_a_copy_of_the_database_server_leaves_the_names_to_those_of_the_buckets() -> None:
    rest = f"{REST}    offsite: {{type: external-s3, host: s3.example.com}}\n"
    compilation = compiled("{replicas: 3}", rest, "  backup: {to: offsite}\n")
    packages = compilation.lowered["default"].packages
    (postgres,) = [config for config in packages["postgres"].configs if "dump.sh" in config.files]
    assert "for database in mlflow; do" in postgres.files["dump.sh"]
    (buckets,) = [c for c in packages["seaweedfs"].configs if "copy-buckets.sh" in c.files]
    assert "mlflow" in buckets.files["copy-buckets.sh"]


@pytest.mark.parametrize(("section", "anew"), [("{}", False), ("{replicas: 3}", True)])
def test_a_restore_trusts_no_list_that_outlives_the_content(section: str, anew: bool) -> None:
    """The disks of a single server hold both; a database has the names of servers apart."""
    rest = f"    offsite: {{type: seaweedfs, namespace: copies}}\n{REST}"
    packages = compiled(section, rest, "  backup: {to: offsite}\n").lowered["default"].packages
    (script,) = (config.files["restore-buckets.sh"] for config in packages["seaweedfs"].configs
                 if "restore-buckets.sh" in config.files)  # fmt: skip
    assert ("RCLONE_IGNORE_TIMES=true" in script) == anew


RESTORED = """\
apiVersion: platformc/v1alpha1
kind: Platform
metadata: {name: restored}
spec:
  backup: {to: offsite}
  components:
    offsite: {type: external-s3, host: s3.example.com}
    seaweedfs: SECTION
    cloudnative-pg: {restore: {}, backup: {archive: second}}
    mlflow: {}
"""


def restore_plan(folder: Path, section: str, *options: str) -> list[str]:
    (folder / "platform.yaml").write_text(RESTORED.replace("SECTION", section))
    result = run("restore", "default", "-f", str(folder / "platform.yaml"), *options)
    assert result.exit_code == 0, result.output
    return result.stdout.splitlines()


@pytest.mark.parametrize(
    ("section", "options", "emptied"),
    [("{replicas: 3}", (), True), ("{replicas: 3}", ("--replace",), False), ("{}", (), False)],
)
def test_names_from_an_archive_do_not_outlive_the_disks(
    section: str, options: tuple[str, ...], emptied: bool, tmp_path: Path
) -> None:
    """The archive goes on after the last copy of the buckets, and new masters number volumes from one again."""
    script = restore_plan(tmp_path, section, *options)
    drops = [number for number, line in enumerate(script) if "DROP TABLE" in line]
    assert len(drops) == emptied
    for number in drops:
        before, after = script[:number], script[number:]
        assert any("cluster.postgresql.cnpg.io/cloudnative-pg" in line for line in before)
        assert any("statefulset/seaweedfs-volume" in line for line in after)
        assert not any("DROP TABLE" in line and "-d mlflow" in line for line in script)


@pytest.mark.parametrize(
    ("kubectl", "emptied"),
    [
        ("echo", True),
        ("echo persistentvolumeclaim/data-seaweedfs-volume-0", False),
        ("false", False),
    ],
)
def test_names_are_deleted_only_where_no_volume_is_there(
    kubectl: str, emptied: bool, tmp_path: Path
) -> None:
    (command,) = [line for line in restore_plan(tmp_path, "{replicas: 3}") if "DROP TABLE" in line]
    program = tmp_path / "kubectl"
    program.write_text(
        f'#!/bin/sh\ncase "$*" in *pvc*) {kubectl};; exec*) echo "$*" >{tmp_path}/ran;; esac\n'
    )
    program.chmod(0o755)
    path = f"{tmp_path}:/usr/bin:/bin"
    process = subprocess.run(["sh", "-ec", command], env={"PATH": path}, check=False, timeout=60)
    assert (tmp_path / "ran").exists() == emptied
    assert (process.returncode == 0) == (kubectl != "false")


def test_a_single_store_moves_to_one_in_servers_apart() -> None:
    rest = f"{REST}    store: {{type: seaweedfs, replicas: 3}}\n"
    compilation = compiled("{}", rest, "  move: {from: seaweedfs, to: store}\n")
    assert not compilation.report.failed, compilation.report.sorted()


@pytest.mark.parametrize("storage", [1, 10, 50, 400])
@pytest.mark.parametrize(("servers", "copies"), [(3, 2), (4, 3), (10, 2)])
@pytest.mark.parametrize("buckets", [1, 4, 20])
def test_without_a_server_every_bucket_still_has_volumes(
    storage: int, servers: int, copies: int, buckets: int
) -> None:
    size = volumes.limit(storage * GIB, buckets, servers, copies)
    room = volumes.slots(storage * GIB, size) * (servers - 1)
    assert room >= copies * 2 * (buckets + 1) or size == volumes.SMALLEST
    if storage * GIB >= volumes.needed(buckets, servers, copies):
        assert room >= copies * (buckets + 1)


# As SeaweedFS 4.48 prints it, which was run: the server is away for the first call, and each bucket is there by then.
WEED = r"""#!/bin/sh
read -r command
echo "$command" >>FOLDER/calls
if [ "$(wc -l <FOLDER/calls)" = 1 ]; then
  echo "error: rpc error: code = Unavailable"
else
  printf '  %s\tsize:0\tlogical:0\tchunk:0\n' error-analysis mlflow
fi
"""


def test_a_bucket_may_be_called_an_error(tmp_path: Path) -> None:
    """The Job waits while the server answers with an error, and not for ever where a bucket is named so."""
    workload = "  workloads: {error-analysis: {image: 'example.com/a:1.0', uses: [seaweedfs]}}\n"
    package = compiled("{}", REST + workload).lowered["default"].packages["seaweedfs"]
    (job,) = (resource.manifest for resource in package.resources if resource.kind == "Job")
    (container,) = job["spec"]["template"]["spec"]["containers"]
    for name, program in {"weed": WEED, "sleep": "#!/bin/sh\n"}.items():
        (tmp_path / name).write_text(program.replace("FOLDER", str(tmp_path)))
        (tmp_path / name).chmod(0o755)
    process = subprocess.run(
        ["sh", "-c", container["command"][2].replace("/tmp/", f"{tmp_path}/")],
        env={"PATH": f"{tmp_path}:/usr/bin:/bin", "MASTER": "a", "FILER": "b"},
        capture_output=True, text=True, check=False, timeout=20,
    )  # fmt: skip
    assert process.returncode == 0, process.stderr
    assert "waiting for the server: error: rpc error: code = Unavailable" in process.stdout
    assert (tmp_path / "calls").read_text().split() == ["s3.bucket.list"] * 3
