"""Lint the SQL of a target, duckdb or bigquery, in its dialect: `lint_sql.py TARGET PATH...`.

Needs no Google account: before dbt compiles a model it asks BigQuery which tables exist, and here an empty project
answers, on the loopback address, so that sqlfluff reads what a first run would send. As in dbt's own commands, and not
in sqlfluff, a model may have as many tokens as it has. What each of sqlfluff's rules of layout makes anew of a file,
which takes a third of the time, is made once: nothing is fixed here, so it stays the same.
"""

import os
import sys
import threading
from functools import lru_cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from sqlfluff.cli.commands import cli
from sqlfluff.core import FluffConfig
from sqlfluff.core.parser import BaseSegment
from sqlfluff.utils.reflow.sequence import ReflowSequence
from sqlparse.engine import grouping

CONFIGURATIONS = {"duckdb": ".sqlfluff", "bigquery": ".sqlfluff-bigquery"}


class EmptyProject(BaseHTTPRequestHandler):
    """A BigQuery project without a dataset. It runs no query: POST is answered by 501."""

    def do_GET(self) -> None:
        self.send_error(404)

    def log_message(self, *_: object) -> None:
        """Nothing to say."""


make_layout = ReflowSequence.from_root


@lru_cache(maxsize=1)
def layout_of(root_segment: BaseSegment, config: FluffConfig) -> ReflowSequence:
    return make_layout(root_segment, config)


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
    # Some rules name the arguments, and others do not.
    ReflowSequence.from_root = lambda root_segment, config: layout_of(root_segment, config)  # type: ignore[method-assign]
    cli.main(["lint", "--config", CONFIGURATIONS[target], *paths], prog_name="sqlfluff")


if __name__ == "__main__":
    main()
