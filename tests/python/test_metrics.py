"""The metrics of the semantic layer: MetricFlow finds nothing wrong, and what it asks gives what the summary holds."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from metricflow.engine.metricflow_engine import MetricFlowEngine, MetricFlowQueryRequest
from metricflow.protocols.sql_client import SqlEngine
from metricflow.sql.render.duckdb_renderer import DuckDbSqlPlanRenderer
from metricflow_semantic_interfaces.implementations.semantic_manifest import PydanticSemanticManifest
from metricflow_semantic_interfaces.transformations.semantic_manifest_transformer import (
    PydanticSemanticManifestTransformer,
)
from metricflow_semantic_interfaces.validations.semantic_manifest_validator import SemanticManifestValidator
from metricflow_semantics.model.semantic_manifest_lookup import SemanticManifestLookup

from conftest import Warehouse

METRICS = {
    "points": "sum(points)",
    "minutes": "sum(minutes_played)",
    "true_shooting": "sum(points) / (2 * (sum(fg_attempts) + 0.44 * sum(ft_attempts)))",
    "share_without_minutes": "count(*) filter (where minutes_played is null) / count(*)",
}
GROUPS = {
    "player": "player_lookup",
    "team": "team_abbr",
    "player_game__season_year": "season_year",
    "player_game__season_phase": "season_phase",
    "metric_time__month": "date_trunc('month', game_date)",
}


@pytest.fixture
def metrics(demo: Warehouse, tmp_path: Path) -> PydanticSemanticManifest:
    outcome = demo.dbt("run", "--select", "time_spine", "player_game_metrics", "--target-path", str(tmp_path))
    assert outcome.code == 0, outcome.output
    return PydanticSemanticManifest.parse_raw((tmp_path / "semantic_manifest.json").read_text(encoding="utf-8"))


def test_the_metrics_are_those_of_the_summary(demo: Warehouse, metrics: PydanticSemanticManifest) -> None:
    found = SemanticManifestValidator[PydanticSemanticManifest]().validate_semantic_manifest(metrics)
    assert not found.errors
    assert not found.warnings

    engine = MetricFlowEngine(
        SemanticManifestLookup(PydanticSemanticManifestTransformer.transform(metrics)),
        # It only has to know whose SQL to write.
        cast("Any", SimpleNamespace(sql_engine_type=SqlEngine.DUCKDB, sql_plan_renderer=DuckDbSqlPlanRenderer())),
    )
    for group, column in GROUPS.items():
        asked = MetricFlowQueryRequest.create(metric_names=list(METRICS), group_by_names=[group])
        by_metricflow = demo.query(engine.explain(asked).sql_statement.without_descriptions.sql)
        by_hand = demo.query(
            f"select {column}, {', '.join(METRICS.values())} from nba_analytics.player_game_summary group by 1"
        )
        assert len(by_hand) > 0
        assert rounded(by_metricflow) == rounded(by_hand), group


def rounded(rows: list[tuple[Any, ...]]) -> set[tuple[Any, ...]]:
    return {
        (str(group)[:10], *(None if value is None or value != value else round(float(value), 6) for value in values))
        for group, *values in rows
    }
