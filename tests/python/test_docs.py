"""The dbt docs, as a reader opens them: served, and as the one file that goes into a mail."""

import functools
import http.server
import re
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from conftest import REPOSITORY, Warehouse

# Where the nodes of the graph stand, by their ids.
PLACES = """
() => {
    const drawn = [...document.querySelectorAll("*")].find(element => element._cyreg);
    return Object.fromEntries(drawn._cyreg.cy.nodes().map(node => [node.id(), node.position().x]));
}
"""


@pytest.fixture
def docs(demo: Warehouse) -> Path:
    outcome = demo.dbt("docs", "generate", "--static")
    assert outcome.code == 0, outcome.output
    ((comment,),) = demo.query(
        "select comment from duckdb_columns() "
        "where table_name = 'player_game_summary' and column_name = 'minutes_played'"
    )
    assert comment.startswith("Minutes played, decimal")
    return demo.project / "target"


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1400, "height": 900})
    page = context.new_page()
    # To fail, whatever the reason, is what a reader would see.
    page.on("pageerror", lambda error: pytest.fail(str(error)))
    yield page
    context.close()


def test_a_reader_finds_a_column_and_follows_the_lineage(docs: Path, page: Page) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=docs)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        served = f"http://127.0.0.1:{server.server_port}"
        read(page, f"{served}/index.html")
        server.shutdown()
    assert all(url.startswith((served, "data:", "blob:")) for url in asked), asked


def test_the_one_file_needs_no_server(docs: Path, page: Page) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    read(page, (docs / "static_index.html").as_uri())
    assert not [url for url in asked if not url.startswith(("file:", "data:", "blob:"))]


def read(page: Page, address: str) -> None:
    """Open the overview, look for minutes_played, follow the link to the lineage."""
    page.goto(address)
    expect(page.get_by_role("heading", name="NBA player games")).to_be_visible()

    page.get_by_placeholder("Search").fill("minutes_played")
    results = page.locator(".results, .search-results, body")
    expect(results.first).to_contain_text("search results")
    expect(results.first).to_contain_text("player_game_summary")

    page.goto(f"{address}{lineage()}")
    page.reload()
    page.wait_for_function("[...document.querySelectorAll('*')].some(element => element._cyreg?.cy.nodes().length)")
    places = page.evaluate(PLACES)
    order = [
        "source.nba_analytics.bdl.bdl_player_boxscores",
        "model.nba_analytics.stg_bdl__player_boxscores",
        "model.nba_analytics.int_player_rows",
        "model.nba_analytics.gate_findings",
        "model.nba_analytics.player_game_summary.v1",
    ]
    assert [places[node] for node in order] == sorted(places[node] for node in order)
    assert not [node for node in places if node.startswith("unit_test.")]


def lineage() -> str:
    """Where the link of the overview to the lineage leads."""
    overview = (REPOSITORY / "models" / "overview.md").read_text(encoding="utf-8")
    (link,) = re.findall(r"\[the lineage\]\((#[^)]+)\)", overview)
    return str(link)


def test_every_link_of_the_overview_leads_somewhere(demo: Warehouse) -> None:
    overview = (REPOSITORY / "models" / "overview.md").read_text(encoding="utf-8")
    linked = re.findall(r"#!/model/([\w.]+)", overview)
    outcome = demo.dbt("ls", "--resource-type", "model", "--output", "json", "--output-keys", "unique_id")
    known = set(re.findall(r"model\.nba_analytics\.[\w.]+", outcome.output))
    assert linked
    assert set(linked) <= known
