"""Texts of the user's in a container that KServe executes as a template of Go.

KServe 0.20 executes the container of a serving runtime, with the arguments and variables of the model, over the
metadata of the InferenceService (ReplacePlaceholders of its controller's utils.go). A text with other braces, such
as the template of a chat, would be a mistake in the template, and the model would get no pods.
"""

from __future__ import annotations

import re

from compiler import model

_FIELDS = r"\.(?:Name|Namespace|(?:Labels|Annotations)\.\w+)"
_BRACES = re.compile(rf"\{{\{{(?!\s*{_FIELDS}\s*\}}\}})")


def literal(text: str) -> str:
    """A template that yields the text, with the metadata in place of `{{.Name}}` and the like.

    The text stands in JSON, so the braces are in a raw string, without quotes that JSON would escape.
    """
    return _BRACES.sub("{{`{{`}}", text)


def variable(env: model.Env) -> model.Manifest:
    """A variable as a container has it, with its value as a template."""
    manifest = env.manifest()
    return {**manifest, "value": literal(manifest["value"])} if "value" in manifest else manifest
