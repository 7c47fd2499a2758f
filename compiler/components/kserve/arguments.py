"""The arguments of a model's server: those that follow from the spec, then the user's, of which the last counts."""

from __future__ import annotations

import re
from collections.abc import Iterator

from compiler.components.kserve import placeholders
from compiler.components.kserve.runtimes import TENSORFLOW, WITH_VLLM, Runtime
from compiler.spec.duration import seconds
from compiler.spec.served_model import ModelSpec

# vLLM's arguments that divide a model among GPUs, in both of its spellings.
_PARALLEL = re.compile(r"--(tensor|pipeline|data)[-_]parallel[-_]size\b|-(tp|pp|dp)\b")
# The longest request to TensorFlow Serving as KServe's runtime starts it (0.20, kserve-tensorflow-serving.yaml),
# and the most milliseconds that its flag holds: an `int32`, of which the last counts (command_line_flags.cc).
TENSORFLOW_SECONDS, _MOST_MILLISECONDS = 60, 2**31 - 1


def arguments(spec: ModelSpec, runtime: Runtime) -> list[str]:
    """The arguments that KServe adds to those of a runtime, as a template."""
    derived = (*_gpus(spec, runtime), *_timeout(spec, runtime))
    return [placeholders.literal(argument) for argument in (*derived, *spec.args)]


def _gpus(spec: ModelSpec, runtime: Runtime) -> Iterator[str]:
    """vLLM uses one GPU without an argument."""
    gpus = spec.gpus
    is_set = any(_PARALLEL.match(argument) for argument in spec.args)
    if runtime.name in WITH_VLLM and gpus is not None and gpus.count > 1 and not is_set:
        yield f"--tensor-parallel-size={gpus.count}"


def _timeout(spec: ModelSpec, runtime: Runtime) -> Iterator[str]:
    """TensorFlow Serving would end a request before its `timeout`."""
    longest = seconds(spec.timeout) if spec.timeout is not None else 0
    if runtime.name == TENSORFLOW and longest > TENSORFLOW_SECONDS:
        yield f"--rest_api_timeout_in_ms={min(longest * 1000, _MOST_MILLISECONDS)}"
