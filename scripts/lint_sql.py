"""Lint the SQL of a target, duckdb or bigquery, in its dialect: `lint_sql.py TARGET PATH...`.

Needs no Google account: before dbt compiles a model it asks BigQuery which tables exist, and here an empty project
answers, on the loopback address, so that sqlfluff reads what a first run would send. As in dbt's own commands, and not
in sqlfluff, a model may have as many tokens as it has.
"""

import os
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from sqlfluff.cli.commands import cli
from sqlparse.engine import grouping

CONFIGURATIONS = {"duckdb": ".sqlfluff", "bigquery": ".sqlfluff-bigquery"}


class EmptyProject(BaseHTTPRequestHandler):
    """A BigQuery project without a dataset. It runs no query: POST is answered by 501."""

    def do_GET(self) -> None:
        self.send_error(404)

    def log_message(self, *_: object) -> None:
        """Nothing to say."""


def main() -> None:
    target, *paths = sys.argv[1:]
    server = ThreadingHTTPServer(("127.0.0.1", 0), EmptyProject)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    os.environ |= {
        "NBA_TARGET": target,
        "NBA_DUCKDB_PATH": ":memory:",
        "NBA_BIGQUERY_API_ENDPOINT": f"http://127.0.0.1:{server.server_port}",
        "NBA_BIGQUERY_METHOD": "oauth-secrets",
        "NBA_BIGQUERY_TOKEN": "none",
        "NBA_BIGQUERY_PROJECT": "lint",
        "no_proxy": "127.0.0.1",
    }
    grouping.MAX_GROUPING_TOKENS = None
    cli.main(["lint", "--config", CONFIGURATIONS[target], *paths], prog_name="sqlfluff")


if __name__ == "__main__":
    main()
