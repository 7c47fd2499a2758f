"""Stands in for Prometheus' exporter of MySQL: asks the server for the metrics that that one collects by default.

Statements are of mysqld_exporter 0.19's default collectors. One that the server refuses is an error of
the whole answer, as a failed collector is to watchers of `mysql_exporter_last_scrape_error`.
"""

from __future__ import annotations

import argparse
import os
import subprocess
from http.server import BaseHTTPRequestHandler, HTTPServer

COLLECTED = (
    "SHOW GLOBAL STATUS",
    "SHOW GLOBAL VARIABLES",
    "SHOW SLAVE STATUS",
    "SELECT page_size, compress_ops FROM information_schema.innodb_cmp",
    "SELECT page_size, pages_used FROM information_schema.innodb_cmpmem",
    "SELECT digest, count_star FROM performance_schema.events_statements_summary_by_digest",
)


class Metrics(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        answers = [(statement, ask(statement)) for statement in COLLECTED]
        refused = [answer.stderr for _, answer in answers if answer.returncode]
        text = "".join(refused or [f"{statement}\n" for statement, _ in answers])
        self.send_response(500 if refused else 200)
        self.end_headers()
        self.wfile.write(text.encode())


def ask(statement: str) -> subprocess.CompletedProcess[str]:
    host, port = options.address.split(":")
    login = [f"--host={host}", f"--port={port}", f"--user={options.username}"]
    password = {"MYSQL_PWD": os.environ["MYSQLD_EXPORTER_PASSWORD"]}
    return subprocess.run(
        ["mysql", "--no-defaults", *login, "--batch", f"--execute={statement}"],
        capture_output=True, text=True, env={**os.environ, **password},
    )  # fmt: skip


parser = argparse.ArgumentParser()
parser.add_argument("--mysqld.address", dest="address")
parser.add_argument("--mysqld.username", dest="username")
options = parser.parse_args()
HTTPServer(("", 9104), Metrics).serve_forever()
