{#
    What did the sources say when the window was built? Kept, because the summary, the excluded rows
    and the gate all read it. nba-backfill builds it once for all windows of a run: in order, for DuckDB to read of a window
    the row groups that have its dates. BigQuery has partitions for that.
#}
{{
    config(
        materialized='table',
        partition_by={
            'field': 'game_date', 'data_type': 'date', 'granularity': 'month'
        } if target.type == 'bigquery' else none
    )
}}
{{ rows_with_builder(
    ref('int_player_rows'), 'source_name', also={'code_fingerprint': code_fingerprint()}
) }}
{{ 'order by game_date' if target.type == 'duckdb' }}
