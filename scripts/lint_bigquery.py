"""Lint the SQL of the bigquery target, without a Google account.

Before dbt compiles a model it asks BigQuery which tables exist. Here an empty project answers, on the loopback
address, so sqlfluff reads what a first run would send. Arguments are passed on to `sqlfluff lint`.
"""

import os
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from sqlfluff.cli.commands import cli


class EmptyProject(BaseHTTPRequestHandler):
    """A BigQuery project without a dataset. It runs no query: POST is answered by 501."""

    def do_GET(self) -> None:
        self.send_error(404)

    def log_message(self, *_: object) -> None:
        """Nothing to say."""


def main() -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), EmptyProject)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    os.environ |= {
        "NBA_TARGET": "bigquery",
        "NBA_BIGQUERY_API_ENDPOINT": f"http://127.0.0.1:{server.server_port}",
        "NBA_BIGQUERY_METHOD": "oauth-secrets",
        "NBA_BIGQUERY_TOKEN": "none",
        "NBA_BIGQUERY_PROJECT": "lint",
        "no_proxy": "127.0.0.1",
    }
    cli.main(["lint", "--dialect", "bigquery", *sys.argv[1:]], prog_name="sqlfluff")


if __name__ == "__main__":
    main()
