"""A client of the YAML language server: the help of an editor for a text, with `|` where the cursor is."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from live.pods.images import HOME

NODE = HOME / "venvs" / "node" / "bin" / "node"
SERVER = HOME / "editor" / "node_modules" / "yaml-language-server" / "bin" / "yaml-language-server"
CURSOR = "|"


class Editor:
    """One session with the server. Each text is its own document, with the schema in its first line."""

    def __init__(self, schema: Path, reads: IO[bytes], writes: IO[bytes]) -> None:
        self._schema, self._reads, self._writes = schema, reads, writes
        self._number = 0

    def start(self) -> None:
        markdown = ["markdown"]
        item = {"snippetSupport": True, "documentationFormat": markdown}
        document = {"completion": {"completionItem": item}, "hover": {"contentFormat": markdown}}
        self._ask(
            "initialize",
            {"processId": None, "rootUri": None, "capabilities": {"textDocument": document}},
        )
        self._send({"method": "initialized", "params": {}})
        settings = {"yaml": {"hover": True, "completion": True, "validate": True}}
        self._send({"method": "workspace/didChangeConfiguration", "params": {"settings": settings}})

    def completions(self, text: str) -> dict[str, dict[str, Any]]:
        """The items offered at the cursor, by their labels."""
        answer = self._at_cursor("textDocument/completion", text)
        items = answer["items"] if isinstance(answer, dict) else answer or []
        return {item["label"]: item for item in items}

    def completed(self, text: str, label: str) -> str:
        """The text after an item is chosen, its placeholders as they are offered."""
        edit = self.completions(text)[label]["textEdit"]
        lines = f"\n{text.replace(CURSOR, '')}".split("\n")  # the schema's line is the first
        start, end = edit["range"]["start"], edit["range"]["end"]
        line = lines[start["line"]]
        indent = " " * (len(line) - len(line.lstrip()))
        inserted = without_placeholders(edit["newText"].replace("\n", f"\n{indent}"))
        before = [*lines[1 : start["line"]], line[: start["character"]] + inserted]
        return "\n".join(before) + "\n".join(
            [lines[end["line"]][end["character"] :], *lines[end["line"] + 1 :]]
        )

    def hover(self, text: str) -> str:
        """The help for the word at the cursor, in Markdown."""
        answer = self._at_cursor("textDocument/hover", text)
        contents = answer["contents"] if answer else ""
        if isinstance(contents, dict):
            assert contents["kind"] == "markdown"
            return str(contents["value"])
        return str(contents)

    def problems(self, text: str) -> list[str]:
        """The messages that the server publishes for a text."""
        uri = self._open(text)
        while True:
            message = self._receive()
            self._answer(message)
            params = message.get("params", {})
            if message.get("method") == "textDocument/publishDiagnostics" and params["uri"] == uri:
                return [problem["message"] for problem in params["diagnostics"]]

    def _at_cursor(self, method: str, text: str) -> Any:
        before = text[: text.index(CURSOR)]
        uri = self._open(text.replace(CURSOR, "", 1))
        position = {
            "line": before.count("\n") + 1,
            "character": len(before.rpartition("\n")[2]),
        }
        return self._ask(method, {"textDocument": {"uri": uri}, "position": position})

    def _open(self, text: str) -> str:
        self._number += 1
        uri = f"file:///platform-{self._number}.yaml"
        content = f"# yaml-language-server: $schema={self._schema.as_uri()}\n{text}"
        document = {"uri": uri, "languageId": "yaml", "version": 1, "text": content}
        self._send({"method": "textDocument/didOpen", "params": {"textDocument": document}})
        return uri

    def _ask(self, method: str, params: dict[str, Any]) -> Any:
        self._number += 1
        self._send({"id": self._number, "method": method, "params": params})
        while True:
            message = self._receive()
            if message.get("id") == self._number and "method" not in message:
                assert "error" not in message, message["error"]
                return message["result"]
            self._answer(message)

    def _answer(self, message: dict[str, Any]) -> None:
        """The server asks for settings: none."""
        if "id" in message and "method" in message:
            sections = message.get("params", {}).get("items", ())
            self._send({"id": message["id"], "result": [None for _ in sections]})

    def _send(self, message: dict[str, Any]) -> None:
        data = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self._writes.write(b"Content-Length: %d\r\n\r\n%s" % (len(data), data))
        self._writes.flush()

    def _receive(self) -> dict[str, Any]:
        length = 0
        while line := self._reads.readline().strip():
            name, _, value = line.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        assert length, "the server has ended"
        message: dict[str, Any] = json.loads(self._reads.read(length))
        return message


def without_placeholders(snippet: str) -> str:
    """A snippet as it stands before its placeholders are filled in: `${1:name}` is `name`."""
    text, depth, at = "", 0, 0
    while at < len(snippet):
        if snippet[at] == "$" and snippet[at + 1 : at + 2] == "{":
            end = at + 2
            while snippet[end].isdigit():
                end += 1
            depth, at = depth + 1, end + (snippet[end] == ":")
        elif snippet[at] == "$" and snippet[at + 1 : at + 2].isdigit():
            at += 2
        elif snippet[at] == "}" and depth:
            depth, at = depth - 1, at + 1
        elif snippet[at] == "\\" and at + 1 < len(snippet):
            text, at = text + snippet[at + 1], at + 2
        else:
            text, at = text + snippet[at], at + 1
    return text


@contextmanager
def editor(schema: Path) -> Iterator[Editor]:
    """A running server, until the block ends."""
    with subprocess.Popen(
        [NODE, SERVER, "--stdio"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin
        assert process.stdout
        try:
            session = Editor(schema, process.stdout, process.stdin)
            session.start()
            yield session
        finally:
            process.kill()
