"""MLflow's pods: who touches the schema, and when."""

from __future__ import annotations

from support.scenarios import compiled

from compiler.model import Manifest


def pod(kind: str, scenario: str = "minimal") -> Manifest:
    (found,) = [
        one.manifest["spec"]["template"]["spec"]
        for one in compiled(scenario).lowered["default"].packages["mlflow"].resources
        if one.kind == kind
    ]
    assert isinstance(found, dict)
    return found


def test_a_server_starts_when_the_migration_is_through() -> None:
    (wait,) = pod("Deployment")["initContainers"]
    (server,) = pod("Deployment")["containers"]
    (migration,) = pod("Job")["containers"]
    assert wait["image"] == server["image"] == migration["image"]
    assert "_verify_schema" in wait["command"][2]
    assert "mlflow db upgrade" in migration["command"][2]
    database = "MLFLOW_BACKEND_STORE_URI"
    (seen, served) = ([one["value"] for one in each["env"] if one["name"] == database]
                      for each in (wait, server))  # fmt: skip
    assert seen == served
