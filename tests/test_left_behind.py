"""`diff`: data, logins and values that a change of the spec leaves behind, loses or keeps."""

from __future__ import annotations

import copy

import pytest
from support.changing import (
    ADOPTED,
    GONE,
    MINIO,
    MLFLOW,
    POSTGRES,
    TRACKING,
    C,
    W,
    changes,
    compiled,
    edited,
    named,
)

from compiler import pipeline
from compiler.diff import Change, worst
from compiler.diff.compare import compare
from compiler.model.effects import Judgement, Risk

LASTING = """\
apiVersion: platformc/v1alpha1
kind: Platform
metadata: {name: lasting}
spec:
  secrets: {SECRETS}
  COPIES
  components: {seaweedfs: {}, postgres: {}, COMPONENT}
"""
STORE = "provider: external-secrets, store: {name: vault}"


@pytest.mark.parametrize(
    ("old", "new", "remedy"),
    [
        ("provider: local", "provider: external-secrets", "a store that has the present values of NAME"),
        ("provider: local", "provider: sops", "first write NAME with the present values into secrets/"),
        ("provider: sops", "provider: existing", "make NAME with the present values"),
        ("provider: external-secrets", "provider: local", "which keeps these Secrets"),
        ("provider: local", STORE, "into `vault`, at "),
        ("provider: external-secrets", STORE, "into `vault`, at "),
        (STORE, STORE.replace("vault", "vault2"), "into `vault2`, at "),
        (STORE, STORE.replace("vault", "vault, prefix: other"), "at `other/"),
        (STORE, STORE.replace("vault", "vault, kind: SecretStore"), "into `vault`, at "),
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    ("component", "copies", "name", "reason"),
    [
        ("mlflow: {smoke: false}", "", "", ""),
        ("lakefs: {}", "", "lakefs-keys", "lakeFS has encrypted the credentials"),
        ("copies: {type: external-s3, host: s3.example.com}", "backup: {to: copies, encrypt: true}",
         "postgres-backup-key", "copies that exist are encrypted with it"),
    ],
)  # fmt: skip
def test_another_source_of_credentials_loses_what_old_values_encrypt(
    old: str, new: str, remedy: str, component: str, copies: str, name: str, reason: str
) -> None:
    text = LASTING.replace("COMPONENT", component).replace("COPIES", copies)
    before, after = (
        pipeline.compile(text.replace("SECRETS", secrets).encode(), "platform.yaml")
        for secrets in (old, new)
    )
    assert not after.report.failed, after.report.sorted()
    change = named(compare(before, after), "Credentials of the environment")
    (judgement,) = change.judgements
    assert judgement.risk is (Risk.DATA_LOSS if name else Risk.DOWNTIME)
    assert f"`{name}`" in judgement.reason or not name
    assert reason in judgement.reason
    if name:
        assert remedy.partition("NAME")[0] in judgement.remedy
    assert judgement.remedy


def test_a_store_under_another_name_of_the_platform_has_other_entries() -> None:
    """The default of `prefix` has the platform's name."""
    text = (
        LASTING.replace("COMPONENT", "lakefs: {}").replace("COPIES", "").replace("SECRETS", STORE)
    )
    before, after = (
        pipeline.compile(content.encode(), "platform.yaml")
        for content in (text, text.replace("name: lasting", "name: other"))
    )
    change = named(compare(before, after), "Credentials of the environment")
    assert change.risk is Risk.DATA_LOSS
    assert "at `other/" in change.judgements[0].remedy


def test_a_renamed_instance_makes_values_that_may_never_change_anew() -> None:
    """Its database keeps its name, but the Secret with the key has the name of the instance."""
    text = LASTING.replace("COPIES", "").replace("SECRETS", "provider: local")
    named_so, renamed_so = "lakefs: {}", "lake: {type: lakefs, database: lakefs, bucket: lakefs}"
    before, after = (
        pipeline.compile(text.replace("COMPONENT", component).encode(), "platform.yaml")
        for component in (named_so, renamed_so)
    )
    assert not after.report.failed, after.report.sorted()
    actual = compare(before, after)
    assert any(change.action == "kept" for change in actual)
    (judgement,) = named(actual, "Credentials of lake").judgements
    assert judgement.risk is Risk.DATA_LOSS
    assert "lakeFS has encrypted" in judgement.reason
    assert "first give `lake-keys` the present values of `lakefs-keys`" in judgement.remedy


def test_the_credentials_of_a_removed_workload_are_no_data() -> None:
    spec = edited({"spec.secrets": {"provider": "external-secrets"}})
    before = compiled(copy.deepcopy(spec))
    del spec["spec"]["workloads"]["training"]
    removed = [
        change
        for change in compare(before, compiled(spec))
        if change.kind == "ExternalSecret" and change.action == "removed"
    ]
    assert removed
    assert {change.risk for change in removed} == {Risk.NO_OP}


def test_a_login_whose_consumer_is_gone_is_told_of_with_what_shuts_it_out() -> None:
    actual = changes({MLFLOW: GONE, f"{W}.training": GONE})
    database = named(actual, "Login mlflow-backend-store of postgres")
    assert (database.action, database.risk) == ("left behind", Risk.NO_OP)
    assert database.judgements[0].remedy == (
        "kubectl exec -n mlops statefulset/postgres -c postgres -- "
        """psql -U postgres -c 'ALTER ROLE "mlflow-backend-store" NOLOGIN'"""
    )
    assert (
        "--policy mlflow-artifacts"
        in named(actual, "Login mlflow-artifacts of minio").judgements[0].remedy
    )
    assert [cause.path for cause in database.causes] == [MLFLOW]
    # Users in a file are those of the spec; and a renamed user leaves a login, too.
    assert not any("of redis" in change.title for change in actual)


SERVERS = """\
apiVersion: platformc/v1alpha1
kind: Platform
metadata: {name: servers}
spec:
  backup: {to: copies}
  components:
    copies: {type: external-s3, host: s3.example.com}
    minio: {}
    mysql: {}
    postgres: {}
    seaweedfs: {}
    monitoring: {}
"""


@pytest.mark.parametrize(
    ("removed", "commands"),
    [
        ("  backup: {to: copies}\n", {
            "Login postgres-backup of postgres": """psql -U postgres -c 'ALTER ROLE "platformc_backup" NOLOGIN'""",
            "Login mysql-backup of mysql": """'ALTER USER "platformc_backup"@"%" ACCOUNT LOCK'""",
            "Login minio-backup of minio": "--policy minio-backup",
        }),
        ("    monitoring: {}\n", {
            "Login postgres-exporter of postgres": """'ALTER ROLE "platformc_exporter" NOLOGIN'""",
            "Login mysql-exporter of mysql": """'ALTER USER "exporter"@"127.0.0.1" ACCOUNT LOCK'""",
        }),
        # The server leaves with its logins.
        ("    postgres: {}\n", {}),
    ],
)  # fmt: skip
def test_a_login_of_backups_or_metrics_is_left_behind(
    removed: str, commands: dict[str, str]
) -> None:
    assert removed in SERVERS
    before, after = (
        pipeline.compile(text.encode(), "platform.yaml")
        for text in (SERVERS, SERVERS.replace(removed, ""))
    )
    assert not after.report.failed, after.report.sorted()
    actual = {
        change.title: change
        for change in compare(before, after)
        if change.kind == "Login" and "copies" not in change.title
    }
    assert set(actual) == set(commands)
    for title, command in commands.items():
        assert actual[title].action == "left behind"
        assert command in actual[title].judgements[0].remedy


KEPT = """\
apiVersion: platformc/v1alpha1
kind: Platform
metadata: {name: keeping}
spec:
  backup: {to: copies}
  components:
    seaweedfs: {}
    postgres: {}
    redis: {}
    mlflow: {}
    lakefs: {}
    copies: {type: external-s3, host: s3.example.com}
  workloads:
    trainer: {image: "registry.example.internal/trainer:1.0.0", uses: [postgres, seaweedfs, redis]}
    cache: {image: "registry.example.internal/cache:1.0.0", uses: [redis]}
"""


def left_behind(old: str, new: str, text: str = KEPT) -> dict[str, Change]:
    """The data that is left behind if a text of the spec is replaced, by its title."""
    assert old in text
    before, after = (
        pipeline.compile(content.encode(), "platform.yaml")
        for content in (text, text.replace(old, new))
    )
    assert not after.report.failed, after.report.sorted()
    return {
        change.title: change
        for change in compare(before, after)
        if change.action == "left behind" and change.kind != "Login"
    }


@pytest.mark.parametrize(
    ("old", "new", "names"),
    [
        ("    mlflow: {}\n", "", ["Bucket mlflow of seaweedfs", "Database mlflow of postgres"]),
        ("    lakefs: {}\n", "", ["Bucket lakefs of seaweedfs", "Database lakefs of postgres"]),
        ("trainer:", "trainer-2:", ["Bucket trainer of seaweedfs", "Database trainer of postgres"]),
        ("uses: [postgres, seaweedfs, redis]", "uses: [redis]",
         ["Bucket trainer of seaweedfs", "Database trainer of postgres"]),
        ("uses: [redis]", "uses: []", []),
    ],
)  # fmt: skip
def test_data_that_no_consumer_reads_any_more_is_left_behind(
    old: str, new: str, names: list[str]
) -> None:
    left = left_behind(old, new)
    assert sorted(left) == names
    assert {change.judgements[0] for change in left.values()} <= {
        Judgement(
            Risk.DATA_LOSS,
            "it stays, but no program of the spec reads it, and the backups no longer copy it",
            "first copy what you still need; delete the rest by hand",
        )
    }


COPIED = """\
apiVersion: platformc/v1alpha1
kind: Platform
metadata: {name: copied}
spec:
  backup: {to: copies}
  components:
    copies: {type: external-s3, host: s3.example.com}
    seaweedfs: {}
    mysql: {}
    postgres: {type: cloudnative-pg}
"""


@pytest.mark.parametrize(
    ("old", "new", "consumers"),
    [
        ("{to: copies}", "{to: copies, encrypt: true}", {"mysql", "seaweedfs"}),
        ("mysql: {}", "mysql: {backup: {bucket: others}}", {"mysql"}),
        ("cloudnative-pg}", "cloudnative-pg, backup: {archive: second}}", {"postgres"}),
        # The restored cluster reads the copies of before.
        ("cloudnative-pg}", "cloudnative-pg, backup: {archive: second}, restore: {}}", set()),
        ("{to: copies}", "{to: copies, keep: 7d}", set()),
    ],
)
def test_copies_that_a_restore_no_longer_finds_are_lost(
    old: str, new: str, consumers: set[str]
) -> None:
    assert old in COPIED
    both = [
        pipeline.compile(text.encode(), "platform.yaml")
        for text in (COPIED, COPIED.replace(old, new))
    ]
    for result in both:
        assert not result.report.failed, result.report.sorted()
    for before, after in (both, both[::-1]) if "restore" not in new else (both,):
        moved = [change for change in compare(before, after) if change.action == "moved"]
        assert {change.component for change in moved} == consumers
        for change in moved:
            assert change.risk is Risk.DATA_LOSS
            assert "no longer find the copies of before" in change.judgements[0].reason
            assert "make a copy right after" in change.judgements[0].remedy


@pytest.mark.parametrize(
    ("old", "new", "lost"),
    [
        ("30d", "7d", True),
        ("4w", "27d", True),
        ("7d", "30d", False),
        ("30d", "5w", False),
        ("28d", "4w", False),
    ],
)
def test_copies_that_will_be_too_old_are_lost(old: str, new: str, lost: bool) -> None:
    """The next copy, or the plugin's next check, deletes them for good."""
    both = [
        pipeline.compile(COPIED.replace("copies}", f"copies, keep: {keep}}}").encode(), "platform.yaml")
        for keep in (old, new)
    ]  # fmt: skip
    losses = [change for change in compare(*both) if change.risk is Risk.DATA_LOSS]
    names = {
        "CronJob mlops/mysql-backup",
        "CronJob mlops/seaweedfs-backup",
        "ObjectStore mlops/postgres",
    }
    assert {f"{change.kind} {change.namespace}/{change.name}" for change in losses} == (
        names if lost else set()
    )
    for change in losses:
        assert any("too old by the new `keep`" in judged.reason for judged in change.judgements)


SERVED = KEPT.replace("components:\n", """components:
    kserve: {mode: standard}
""") + """\
  models:
    fraud: {format: sklearn, uri: "s3://models/fraud/v1", bind: {store: seaweedfs}}
    churn: {format: sklearn, uri: "s3://models/churn/v1", bind: {store: seaweedfs}}
"""  # fmt: skip
FRAUD, CHURN = SERVED.splitlines(keepends=True)[-2:]


@pytest.mark.parametrize(
    ("old", "new", "names"),
    [
        (FRAUD, "", []),  # the other model reads the bucket
        (f"  models:\n{FRAUD}{CHURN}", "", ["Bucket models of seaweedfs"]),
        ("s3://models/", "s3://served/", ["Bucket models of seaweedfs"]),
    ],
)
def test_files_of_the_last_model_leave_the_backups(old: str, new: str, names: list[str]) -> None:
    left = left_behind(old, new, SERVED)
    assert sorted(left) == names
    for change in left.values():
        assert change.risk is Risk.DATA_LOSS
        assert "the backups no longer copy it" in change.judgements[0].reason
    # Nothing copied it before, and nobody in the platform has written it.
    uncopied = "seaweedfs: {backup: {none: made again by a program}}"
    assert left_behind(old, new, SERVED.replace("seaweedfs: {}", uncopied)) == {}


def test_keys_are_left_behind_by_the_last_client_of_a_server() -> None:
    alone = KEPT.replace(", redis]", "]")
    change = left_behind("uses: [redis]", "uses: []", alone)["Keys * of redis"]
    assert change.judgements[0].reason == "it stays, but no program of the spec reads it"
    # The removal of the server itself is data loss already.
    both = "    redis: {}\n", ""
    without_client = alone.replace("uses: [redis]", "uses: []")
    assert left_behind(*both, without_client) == {}


def test_data_in_a_store_outside_is_left_behind_by_its_last_consumer() -> None:
    outside = KEPT.replace("seaweedfs: {}", "seaweedfs: {type: external-s3, host: s3.example.org}")
    change = left_behind("    mlflow: {}\n", "", outside)["Bucket mlflow of seaweedfs"]
    assert change.risk is Risk.DATA_LOSS


def test_data_of_a_renamed_consumer_at_the_same_place_is_not_left_behind() -> None:
    adopted = "tracking: {type: mlflow, adopt: {service: mlflow, database: mlflow, bucket: mlflow}}"
    assert left_behind("mlflow: {}", adopted) == {}


@pytest.mark.parametrize(
    "section",
    [
        "type: external-postgres, host: db.example.com",
        "type: external-s3, host: s3.example.com",
        "type: gateway-api",
        "type: ingress",
        "type: istio",
        "type: kserve, mode: standard",
        "type: monitoring",
        "type: seldon",
    ],
)
def test_an_instance_without_objects_may_be_renamed(section: str) -> None:
    head = "apiVersion: platformc/v1alpha1\nkind: Platform\nmetadata: {name: one}\n"
    before, after = (
        pipeline.compile(
            f"{head}spec:\n  components:\n    {name}: {{{section}}}\n".encode(), f"{name}.yaml"
        )
        for name in ("first", "second")
    )
    assert before.lowered["default"]
    assert after.lowered["default"]
    assert not [change for change in compare(before, after) if change.action == "kept"]


def test_state_that_a_renamed_instance_keeps_is_named() -> None:
    server = changes({POSTGRES: GONE, f"{C}.db": ADOPTED})
    change = named(server, "Component db")
    assert (change.action, change.risk) == ("kept", Risk.NO_OP)
    assert change.judgements[0].reason == "`db` keeps what is on `data-postgres-0`"
    assert not [change for change in server if change.action == "moved"]
    stopped = named(server, "StatefulSet mlops/postgres").judgements[0]
    assert "two servers would destroy the data" in stopped.reason
    assert "--cascade=foreground" in stopped.remedy
    tracking = changes(TRACKING)
    assert [(change.title, change.judgements[0].reason) for change in tracking if change.action == "kept"] == [
        ("postgresql tracking backend-store", "`tracking` keeps `mlflow` of `postgres`"),
        ("s3 tracking artifacts", "`tracking` keeps `mlflow` of `minio`"),
    ]  # fmt: skip


def test_a_secret_that_is_still_read_is_kept_by_what_the_diff_says() -> None:
    """The values are no data that is lost: they stay in the Secret, and in the one that was generated."""
    external = compiled(edited({"spec.secrets": {"provider": "external-secrets"}}))
    removed = compare(external, compiled(edited({"spec.secrets": {"provider": "existing"}})))
    assert worst(change.risk for change in removed) is Risk.DOWNTIME
    copy = named(removed, "ExternalSecret mlops/mlflow-backend-store").judgements[0]
    assert copy.reason == "its Secret goes with it, and new pods do not start without"
    assert "--cascade=orphan" in copy.remedy
    assert "PrunePropagationPolicy=orphan" in copy.remedy
    assert named(removed, "ExternalSecret mlops/mlflow-backend-store-source").risk is Risk.NO_OP


def test_another_store_of_credentials_is_told_of() -> None:
    inside = {"provider": "external-secrets"}
    specs = [edited({"spec.secrets": section}) for section in (
        inside, {**inside, "store": {"name": "vault"}})]  # fmt: skip
    actual = compare(*map(compiled, specs))
    moved = named(actual, "Credentials of the environment")
    assert moved.risk == Risk.DOWNTIME
    assert str(moved.fields[0].after).startswith("ClusterSecretStore vault")


def test_a_login_is_not_left_behind_by_a_server_that_is_gone_itself() -> None:
    actual = changes({MINIO: GONE, f"{C}.seaweedfs": {}})
    assert not [change for change in actual if change.action == "left behind"]
