"""Changes of upstream systems: `diff` names them, and each plan contains their commands in the right order."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.command_line import run

from compiler.diff import Change
from compiler.diff.compare import compare
from compiler.model.effects import Risk
from compiler.pipeline import compile as compile_spec

HEAD = "apiVersion: platformc/v1alpha1\nkind: Platform\nmetadata: {name: runs}\nspec:\n"
MOVE = "  move: {from: minio, to: seaweedfs, cutOver: true}\n"
ARGO = "  components: {minio: {}, seaweedfs: {}, postgres: {}, argo-workflows: {}}\n"
TWO_SERVERS = (
    "  components: {seaweedfs: {}, postgres: {}, other: {type: postgres}, "
    "argo-workflows: {bind: {archive: postgres}}}\n"
)
SERVING = (
    "  domain: a.example.com\n  namespace: models\n  components: {seaweedfs: {}, istio: {}, knative: {}, "
    "kserve: {release: 0.19.0}}\n  models: {fraud: {format: sklearn, uri: 's3://models/fraud'}}\n"
)
CONTROLLER = "deployment/workflow-controller -n argo"
SERVER = "deployment/argo-server -n argo"


def changes(before: str, after: str) -> dict[str, Change]:
    results = [compile_spec(f"{HEAD}{text}".encode(), "platform.yaml") for text in (before, after)]
    for result in results:
        assert not result.report.failed, result.report.sorted()
    return {f"{change.title} {change.action}": change for change in compare(*results)}


def plan(folder: Path, verb: str, spec: str, before: str = "", *options: str) -> list[str]:
    (folder / "platform.yaml").write_text(f"{HEAD}{spec}")
    words = [verb, "default", "-f", str(folder / "platform.yaml"), *options]
    if before:
        (folder / "before.yaml").write_text(f"{HEAD}{before}")
        words += ["--since", str(folder / "before.yaml")]
    result = run(*words)
    assert result.exit_code == 0, result.output
    return result.stdout.splitlines()


def line(script: list[str], words: str) -> int:
    (number,) = [number for number, text in enumerate(script) if words in text]
    return number


def test_a_diff_names_the_settings_in_upstreams_objects() -> None:
    actual = changes(TWO_SERVERS, TWO_SERVERS.replace("archive: postgres", "archive: other"))
    settings = actual["ConfigMap argo/workflow-controller-configmap set upstream"]
    assert [field.path for field in settings.fields] == ["data/persistence"]
    assert "platformc prerequisites" in settings.judgements[0].remedy
    assert settings.causes[0].path == "spec.components.argo-workflows.bind.archive"
    server = actual["Deployment argo/argo-server set upstream"]
    assert server.risk is Risk.RESTART


def test_a_diff_names_another_release() -> None:
    actual = changes(SERVING, SERVING.replace("0.19.0", "0.20.0"))
    (field,) = actual["Prerequisite kserve changed"].fields
    assert (field.before, field.after) == ("0.19.0", "0.20.0")


def test_a_part_that_is_installed_besides_stops_nothing() -> None:
    before = "  components: {seaweedfs: {}, cloudnative-pg: {}}\n"
    actual = changes(before, before.replace("cloudnative-pg: {}", "cloudnative-pg: {backup: {}}"))
    system = actual["Prerequisite cloudnative-pg changed"]
    assert system.risk is Risk.NO_OP
    assert "plugin-barman-cloud" in system.fields[0].after


def test_settings_that_nothing_requires_any_more_are_named() -> None:
    long = SERVING.replace("uri: 's3", "timeout: 20m, uri: 's3")
    gone = changes(long, SERVING)["Deployment knative-serving/activator set upstream"]
    assert "until you reset them" in gone.judgements[0].reason
    assert not gone.judgements[0].remedy


def test_a_diff_names_systems_that_are_new_or_no_longer_needed() -> None:
    without = SERVING.replace("istio: {}, knative: {}, kserve: {release: 0.19.0}", "mlflow: {}")
    without = without.partition("  models:")[0].replace("mlflow: {}", "redis: {}")
    assert {"Prerequisite knative added", "Prerequisite kserve added"} <= changes(
        without, SERVING
    ).keys()
    assert changes(SERVING, without)["Prerequisite kserve removed"].risk is Risk.NO_OP


def test_upstreams_objects_are_patched_when_the_other_server_runs(tmp_path: Path) -> None:
    after = TWO_SERVERS.replace("archive: postgres", "archive: other")
    script = plan(tmp_path, "apply-plan", after, TWO_SERVERS)
    patch = line(
        script, "kubectl patch configmap workflow-controller-configmap -n argo --patch-file"
    )
    assert line(script, "job/other-ensure") < patch
    assert patch < line(script, "kubectl delete networkpolicy postgres-databases")
    label = '{"labels":{"uses.platformc.dev/postgres-databases":null}}'
    assert sum(label in text for text in script) == 2
    assert line(script, f"kubectl rollout status {SERVER}") > patch


def test_the_old_domain_is_removed_and_what_reads_it_starts_again(tmp_path: Path) -> None:
    """Of two domains for all models, Knative takes the first in the order of the alphabet."""
    script = plan(tmp_path, "apply-plan", SERVING.replace("a.example", "b.example"), SERVING)
    removal = line(
        script, """config-domain -n knative-serving -p '{"data":{"a.example.com":null}}'"""
    )
    assert (
        line(script, "kubectl patch configmap config-domain -n knative-serving --patch") < removal
    )
    assert removal < line(script, "kubectl rollout restart deployment/kserve-controller-manager")


def test_a_vendored_system_reads_what_the_plan_applies(tmp_path: Path) -> None:
    before = SERVING.replace("{release: 0.19.0}", "{install: vendored}")
    script = plan(tmp_path, "apply-plan", before.replace("a.example", "b.example"), before)
    applied = line(script, "prerequisites/default/kserve ; do")
    assert applied < line(script, "kubectl rollout restart deployment/kserve-controller-manager")
    assert not [text for text in script if "patch configmap inferenceservice-config" in text]


def test_another_release_is_installed_before_all_waves_with_its_settings(tmp_path: Path) -> None:
    script = plan(tmp_path, "apply-plan", SERVING.replace("0.19.0", "0.20.0"), SERVING)
    release = line(script, "v0.20.0/kserve.yaml")
    settings = line(script, "kubectl patch configmap inferenceservice-config")
    assert release < settings < line(script, "# wave 0, ")
    assert not [text for text in script if "create namespace" in text]


def test_an_installed_chart_is_upgraded(tmp_path: Path) -> None:
    before = "  components: {istio: {release: 1.30.2}}\n"
    script = plan(tmp_path, "apply-plan", before.replace("1.30.2", "1.30.3"), before)
    assert not [text for text in script if "helm install" in text]
    assert line(script, "helm upgrade --install istiod istio/istiod --version 1.30.3")


def test_without_a_change_a_plan_leaves_upstreams_objects(tmp_path: Path) -> None:
    script = plan(tmp_path, "apply-plan", SERVING, SERVING)
    assert not [text for text in script if "kubectl patch" in text or "rollout restart" in text]


@pytest.mark.parametrize(
    ("state", "options", "store"),
    [("true", (), "seaweedfs"), ("false", ("--back",), "minio")],
)
def test_a_move_stops_an_upstream_client_and_gives_it_the_other_store(
    state: str, options: tuple[str, ...], store: str, tmp_path: Path
) -> None:
    script = plan(tmp_path, "move", MOVE.replace("true", state) + ARGO, "", *options)
    started = line(script, "--from=cronjob/move")
    patch = line(script, "kubectl patch configmap workflow-controller-configmap")
    for server, label in ((CONTROLLER, "workflow-controller"), (SERVER, "argo-server")):
        ended = line(script, f"kubectl wait pod -l app={label} -n argo --for=delete")
        assert line(script, f"kubectl scale {server} --replicas=0") < ended < started
        assert patch < line(script, f"kubectl scale {server} --replicas=1")
    assert started < line(script, f"statefulset/{store} ") < patch


def test_a_move_of_the_archives_server_stops_the_client_too(tmp_path: Path) -> None:
    spec = TWO_SERVERS.replace("archive: postgres", "").replace("  components", "  move: {from: postgres, to: other, cutOver: true}\n  components")  # fmt: skip
    script = plan(tmp_path, "move", spec)
    assert line(script, f"kubectl scale {CONTROLLER} --replicas=0") < line(script, "cronjob/move")


def test_a_restore_over_data_stops_an_upstream_client(tmp_path: Path) -> None:
    spec = (
        "  backup: {to: offsite}\n  components: {offsite: {type: external-s3, host: s3.example.com}, "
        "seaweedfs: {}, postgres: {}, argo-workflows: {bind: {artifacts: seaweedfs}}}\n"
    )
    script = plan(tmp_path, "restore", spec, "", "--replace")
    restores = [n for n, text in enumerate(script) if "--from=cronjob/" in text]
    assert line(script, f"kubectl scale {SERVER} --replicas=0") < min(restores)
    assert max(restores) < line(script, f"kubectl scale {SERVER} --replicas=1")
