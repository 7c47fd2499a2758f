"""The ClusterServingRuntimes that KServe 0.20.0 ships, and the formats that each one reads."""

from __future__ import annotations

from functools import lru_cache

from msgspec import Struct


class Runtime(Struct, frozen=True):
    """A runtime: its formats, as KServe names them, and its protocols."""

    name: str
    formats: tuple[str, ...]
    protocols: tuple[str, ...] = ("v1", "v2")
    api: str = ""  # its protocol, if KServe has no name for it

    @property
    def protocol(self) -> str:
        """The protocol of its requests; empty for a user's own runtime."""
        return self.protocols[0] if self.protocols else self.api

    def spelling(self, format: str) -> str | None:
        """A format as the runtime spells it, or None if the runtime does not read it.

        KServe compares the letters as they are (0.20, predictor_model.go), and users may write `vllm`.
        """
        if format in self.formats:
            return format
        return next((name for name in self.formats if name.lower() == format.lower()), None)


# Its image is vLLM's for GPUs; KServe takes the one for CPUs for a model without (0.20, `UpdateImageTag`).
VLLM = "kserve-vllmserver"
HUGGING_FACE, TENSORFLOW = "kserve-huggingfaceserver", "kserve-tensorflow-serving"
ML_SERVER, TRITON = "kserve-mlserver", "kserve-tritonserver"
SEVERAL_NODES = "kserve-huggingfaceserver-multinode"
# The second loads a model by vLLM too where vLLM knows its architecture, and ignores arguments that it does not
# know (0.20, huggingfaceserver/__main__.py).
WITH_VLLM = (VLLM, HUGGING_FACE)
# In order of preference: the first that reads a format serves it, unless a model names another.
RUNTIMES = (
    Runtime("kserve-sklearnserver", ("sklearn",)),
    Runtime("kserve-xgbserver", ("xgboost",)),
    Runtime("kserve-lgbserver", ("lightgbm",)),
    Runtime("kserve-pmmlserver", ("pmml",)),
    Runtime("kserve-paddleserver", ("paddle",)),
    Runtime("kserve-autogluonserver", ("autogluon",)),
    Runtime(ML_SERVER, ("mlflow", "sklearn", "xgboost", "lightgbm"), ("v2",)),
    Runtime(HUGGING_FACE, ("huggingface",)),
    Runtime(VLLM, ("vLLM",), (), "openai"),
    Runtime(TENSORFLOW, ("tensorflow",), ("v1",)),
    Runtime("kserve-torchserve", ("pytorch",)),
    Runtime(TRITON, ("onnx", "tensorrt", "triton", "tensorflow", "pytorch"), ("v2",)),
    Runtime("kserve-predictiveserver", ("sklearn", "xgboost", "lightgbm")),
    Runtime(SEVERAL_NODES, ("huggingface",)),
)
# Language models: their weights take minutes to load.
LANGUAGE = ("huggingface", "vLLM")
# Neural networks: from a few megabytes to many gigabytes.
NEURAL = ("onnx", "paddle", "pytorch", "tensorflow", "tensorrt", "triton")


@lru_cache(maxsize=1024)  # thousands of models share a few formats
def readers(runtimes: tuple[Runtime, ...], format: str) -> tuple[Runtime, ...]:
    """The runtimes that read a format, in their order."""
    return tuple(runtime for runtime in runtimes if runtime.spelling(format))


_SPELLED = {name.lower(): name for runtime in RUNTIMES for name in runtime.formats}


def spelled(format: str) -> str:
    """A format as the runtimes of the release spell it."""
    return _SPELLED.get(format.lower(), format)
