"""The `nba-backfill` command: loops date windows over the dbt project that it stands in."""
