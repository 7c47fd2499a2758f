"""Comments a file on a pull request, once: a later run replaces its own comment.

A comment is known by a mark in its first line, which readers do not see, and by its author being a
bot. Facts are of GitHub's REST API 2022-11-28; a runner says in GITHUB_API_URL and GITHUB_REPOSITORY
where it is.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

_PAGE = 100


def main(number: str, file: str, subject: str) -> None:
    mark = f"<!-- platformc: {subject.replace('--', '')} -->"
    body = {"body": f"{mark}\n{Path(file).read_text(encoding='utf-8')}"}
    comments = f"issues/{number}/comments"
    mine = _mine(comments, mark)
    if mine is None:
        _ask("POST", comments, body)
    else:
        _ask("PATCH", f"issues/comments/{mine}", body)


def _mine(comments: str, mark: str) -> int | None:
    """The comment of an earlier run, or None."""
    page = 1
    while True:
        results = _ask("GET", f"{comments}?per_page={_PAGE}&page={page}")
        for result in results:
            author, body = result.get("user") or {}, result.get("body") or ""  # null for some
            if author.get("type") == "Bot" and body.startswith(mark):
                return int(result["id"])
        if len(results) < _PAGE:
            return None
        page += 1


def _ask(method: str, path: str, body: dict[str, str] | None = None) -> Any:
    """The forge's answer. Its address is the runner's own word, so no `file:` of a stranger's is read."""
    url = f"{os.environ['GITHUB_API_URL']}/repos/{os.environ['GITHUB_REPOSITORY']}/{path}"
    headers = {
        "Accept": "application/vnd.github+json",
        "Authorization": f"Bearer {os.environ['TOKEN']}",
        "X-GitHub-Api-Version": "2022-11-28",
    }
    data = json.dumps(body).encode() if body else None
    request = Request(url, data=data, headers=headers, method=method)  # noqa: S310  # the runner's own address
    with urlopen(request, timeout=30) as answer:  # noqa: S310  # the runner's own address
        return json.load(answer)


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except OSError as error:  # from a fork the token may only read
        print(f"::warning::The plan could not be commented: {error}")  # to the runner
