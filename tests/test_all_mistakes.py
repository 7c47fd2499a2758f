"""One run finds the mistakes of all stages, and none that only follows from another."""

from __future__ import annotations

from itertools import combinations
from random import Random

from support.corpus import mistakes, together
from support.diagnosing import diagnosed

from compiler.diagnostics.codes import CODES

SPEC = """\
apiVersion: platformc/v1alpha1
kind: Platform
metadata: {name: example}
spec:
  namespace: mlops
  components:
    seaweedfs: {}
    postgres: {maxConnections: 20}
    redis: {evicton: noeviction}
    mlflow: {replicas: 8, workers: 8}
  workloads:
    training:
      image: registry.example.internal/training:1.0.0
      uses: [mlflw]
    scoring:
      image: registry.example.internal/scoring:1.0.0
      uses: [mlflow]
      patches:
        - {target: {kind: Job, name: scorin}, operations: [{op: remove, path: /spec}]}
"""


def codes(text: str) -> list[str]:
    return [diagnostic.code for diagnostic in diagnosed(text.encode())]


def test_a_section_a_binding_a_rule_and_an_object() -> None:
    actual = ["connection-budget", "unknown-key", "unknown-binding", "patch-misses"]
    assert codes(SPEC) == actual


def test_a_binding_to_an_instance_with_an_error_is_not_a_second_mistake() -> None:
    for wrong in ("mlflo: {}", "mlflow: {type: mlfow}", "mlflow: 5", "mlflow: {replicas: none}"):
        text = SPEC.replace("mlflow: {replicas: 8, workers: 8}", wrong).replace("mlflw", "mlflow")
        text = text[: text.index("      patches:")].replace("evicton", "eviction")
        assert len(codes(text)) == 1, wrong


def test_a_misspelt_section_is_the_only_finding() -> None:
    """Everything that its instances are needed for would be missing otherwise."""
    assert codes(SPEC.replace("  components:", "  component:")) == ["unknown-key"]


def test_two_mistakes_are_found_together_and_nothing_else() -> None:
    """Of pairs of the corpus; a mistake may hide another in the same instance."""
    errors = [
        mistake
        for mistake in mistakes()
        if CODES[mistake.code].severity == "error" and not mistake.has_consequences
    ]
    pairs = [
        pair
        for pair in combinations(errors, 2)
        if pair[0].base == pair[1].base and "syntax" not in (pair[0].theme, pair[1].theme)
    ]
    attempts, both_reported = 0, 0
    for first_mistake, second in Random(4).sample(pairs, 120):
        text = together(first_mistake, second)
        if text is None:
            continue
        actual, expected = set(codes(text)), {first_mistake.code, second.code}
        assert actual
        assert actual <= expected, (first_mistake.name, second.name)
        attempts += 1
        both_reported += actual == expected
    assert both_reported >= 0.8 * attempts
