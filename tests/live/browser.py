"""What a browser does at the login: it follows redirects, keeps cookies by host, and fills in forms.

A program of a test begins with this text.
"""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import urljoin

import requests

PAGE = "https://mlflow.ml.example.internal"
CONSOLE = "https://minio-console.ml.example.internal"


def browser() -> requests.Session:
    session = requests.Session()
    session.verify = "/etc/browser/own.crt"
    return session


def choose(session: requests.Session, url: str, connector: str) -> requests.Response:
    """Open a page, and choose a way to log in on the list of the identity provider."""
    listed = session.get(url)
    links = [unescape(link) for link in re.findall(r'href="([^"]+)"', listed.text)]
    (link,) = [link for link in links if f"/auth/{connector}" in link]
    return session.get(urljoin(listed.url, link))


def log_in(session: requests.Session, url: str, connector: str) -> requests.Response:
    """Log in as the user of a connector; the one with passwords shows a form."""
    answer = choose(session, url, connector)
    if connector == "local":
        action = unescape(re.search(r'<form method="post" action="([^"]+)"', answer.text)[1])
        form = {"login": "jane@example.internal", "password": "password"}
        answer = session.post(urljoin(answer.url, action), data=form)
    return answer
