"""Ask an MLflow server for the version of a model that has an alias (MLflow 3.17.2, REST API 2.0).

The file `MLmodel` of a version has its flavours, size and signature. The server hands it out from every
kind of artefact store (`/model-versions/get-artifact`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode, urlsplit

from msgspec import Struct

from compiler.document.other_files import FileContentError, documents, json_value
from compiler.upstream.https import LOCAL_HOSTS, ask, unreachable

_API = "api/2.0/mlflow"
_LARGEST = 2**20  # bytes of an answer
NO_MLFLOW = "its answer is not MLflow's"
CHECK_ADDRESS = (
    "check the address; `kubectl port-forward -n NAMESPACE service/mlflow 5000:5000` opens it"
)
CORRECT_ALIAS = "correct `model` and `alias`, or set the alias in MLflow"
# The help for a status. MLflow answers 403 to a Host header that it does not know (server/security_utils.py).
HELP = {
    401: "set MLFLOW_TRACKING_TOKEN",
    403: "MLflow answers to its own name and to `localhost`: ask through `kubectl port-forward`",
}
PYTHON_FUNCTION = "python_function"  # the flavour that servers of the format `mlflow` load


class RegistryError(Exception):
    """The reason that the registry gave no version, and the help."""

    def __init__(self, message: str, help: str = "see the version in MLflow's page") -> None:
        super().__init__(message)
        self.help = help


class Version(Struct, frozen=True):
    """A version of a model, as the registry describes it."""

    number: str
    artifacts: str  # the URI of its files
    flavours: tuple[str, ...]
    run: str | None = None
    size: int | None = None  # bytes
    signature: str | None = None  # the digest of its signature
    inputs: Mapping[str, str] = {}
    outputs: Mapping[str, str] = {}

    @property
    def flavour(self) -> str:
        """The flavour of the library that made it."""
        return next((name for name in self.flavours if name != PYTHON_FUNCTION), PYTHON_FUNCTION)


class Registry(Struct, frozen=True):
    """An MLflow server, and the token that it asks for."""

    url: str
    token: str | None = None

    def problem(self) -> str | None:
        """The reason why no request can be sent to this address, or None."""
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            return f"`{self.url}` is no address of a server; write it like `http://localhost:5000`"
        if parts.username or parts.query or parts.fragment:
            return "the address of a server has no login, query or fragment"
        if self.token and parts.scheme == "http" and parts.hostname not in LOCAL_HOSTS:
            return "a token goes to no server by plain HTTP; use `https://`, or a port-forward"
        return None

    def version(self, model: str, alias: str) -> Version:
        """The version that has an alias. Raises RegistryError."""
        entry = self._get("registered-models/alias", name=model, alias=alias).get("model_version")
        if not isinstance(entry, dict) or not str(entry.get("version")).isdecimal():
            raise RegistryError(NO_MLFLOW, CHECK_ADDRESS)
        number = str(entry["version"])
        of_version = {"name": model, "version": number}
        artifacts = self._get("model-versions/get-download-uri", **of_version).get("artifact_uri")
        return _version(
            number, str(artifacts), str(entry.get("run_id") or "") or None,
            self._file("MLmodel", of_version),
        )  # fmt: skip

    def _get(self, path: str, **query: str) -> dict[str, Any]:
        try:
            answer = json_value(self._ask(f"{_API}/{path}", query))
        except ValueError as error:
            raise RegistryError(NO_MLFLOW, CHECK_ADDRESS) from error
        if not isinstance(answer, dict):
            raise RegistryError(NO_MLFLOW, CHECK_ADDRESS)
        return answer

    def _file(self, name: str, version: Mapping[str, str]) -> dict[str, Any]:
        """A file of a version, as YAML."""
        data = self._ask("model-versions/get-artifact", {**version, "path": name})
        try:
            content = documents(data, aliases=True)
        except FileContentError as error:
            raise RegistryError(f"the file `{name}` {error}") from error
        if len(content) != 1 or not isinstance(content[0], dict):
            raise RegistryError(f"the file `{name}` is not one that MLflow writes")
        return content[0]

    def _ask(self, path: str, query: Mapping[str, str]) -> bytes:
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        url = f"{self.url.rstrip('/')}/{path}?{urlencode(query)}"
        try:
            with ask(url, headers) as answer:
                data = answer.read(_LARGEST + 1)
        except HTTPError as error:
            raise RegistryError(_refusal(error), HELP.get(error.code, CORRECT_ALIAS)) from error
        except (OSError, ValueError) as error:
            reason = unreachable(error) or error
            raise RegistryError(f"it does not answer: {reason}", CHECK_ADDRESS) from error
        if len(data) > _LARGEST:
            raise RegistryError("its answer is larger than 1 MiB")
        return data


def _refusal(error: HTTPError) -> str:
    """MLflow's reason for refusing a request."""
    try:
        message = json_value(error.read(_LARGEST))["message"]
    except (OSError, ValueError, KeyError, TypeError):
        return f"it answers with status {error.code}"
    return f"it answers: {str(message)[:300]}"


def _version(number: str, artifacts: str, run: str | None, content: dict[str, Any]) -> Version:
    flavours, size = content.get("flavors"), content.get("model_size_bytes")
    signature = content.get("signature")
    if not isinstance(flavours, dict) or not flavours:
        raise RegistryError("the file `MLmodel` names no flavour")
    if not isinstance(signature, dict):
        signature = {}
    return Version(
        number=number,
        artifacts=artifacts,
        flavours=tuple(sorted(map(str, flavours))),
        run=run,
        size=size if isinstance(size, int) and size > 0 else None,
        signature=_digest(signature) if signature else None,
        inputs=_columns(signature.get("inputs")),
        outputs=_columns(signature.get("outputs")),
    )


def _digest(value: object) -> str:
    return f"sha256:{sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()}"


def _columns(text: object) -> dict[str, str]:
    """The type of each column of a signature, which `MLmodel` holds as JSON in a text."""
    try:
        columns = json_value(text) if isinstance(text, str) else []
    except FileContentError as error:
        raise RegistryError(f"the signature in `MLmodel` {error}") from error
    if not isinstance(columns, list) or not all(isinstance(column, dict) for column in columns):
        return {}
    return {str(column.get("name", index)): _type(column) for index, column in enumerate(columns)}


def _type(column: Mapping[str, Any]) -> str:
    tensor = column.get("tensor-spec")
    if isinstance(tensor, dict):
        return f"{tensor.get('dtype')}{json.dumps(tensor.get('shape'), separators=(',', ':'))}"
    type = str(column.get("type"))
    return type if column.get("required", True) else f"{type}?"
