"""Jobs from compiled CronJobs: the pod as platformc compiles it, with a program of the tests as its command."""

from __future__ import annotations

from uuid import uuid4

from cluster.node import Node


def start(node: Node, workload: str, program: str = "") -> str:
    """Start a program, or else the compiled command, in a pod of a CronJob; the Job's name."""
    spec = node.get("cronjob", workload, "-n", "mlops")["spec"]["jobTemplate"]["spec"]
    spec["backoffLimit"] = 0
    if program:
        spec["template"]["spec"]["containers"][0]["command"] = ["python", "-c", program]
    metadata = {"name": f"{workload}-{uuid4().hex[:6]}", "namespace": "mlops"}
    node.apply([{"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": spec}])
    return metadata["name"]


def output(node: Node, job: str, seconds: float) -> str:
    """The output of a Job that ends well."""

    def result() -> str:
        conditions = node.get("job", job, "-n", "mlops")["status"].get("conditions", [])
        ends = [item["type"] for item in conditions if item["status"] == "True"]
        return next((name for name in ends if name in ("Complete", "Failed")), "")

    node.until(lambda: bool(result()), f"end of {job}", seconds)
    printed = logs(node, job)
    assert result() == "Complete", printed
    return printed


def logs(node: Node, job: str) -> str:
    """The output until now, of a Job that may have no pod yet."""
    return node.ask("logs", "-n", "mlops", f"job/{job}").stdout


def run(node: Node, workload: str, program: str = "", seconds: float = 300) -> str:
    return output(node, start(node, workload, program), seconds)
