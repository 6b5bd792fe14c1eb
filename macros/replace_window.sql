{#
    The incremental strategy of every table that is kept: of one that names its date column in meta.window_column, what
    the window holds is replaced by the new rows, in one transaction; of one that names its season in meta.season_column,
    the seasons that the window touches; to any other one the new rows are added. Deleting
    by the window's literal dates, and not by the keys or dates of the new rows, is what takes away a player who left a
    box score and empties a date that lost its games.

    dbt-bigquery takes no strategy but its own, so there the models say `merge`, and its MERGE is this one.
#}
{% macro get_incremental_replace_window_sql(arg_dict) %}
    {% set left_alone = dates_left_alone() if config.get('meta').is_gated else '' %}
    {% set replaced = replaced_rows(config.get('meta'), left_alone) %}
    {{ return(replace_rows_sql(
        arg_dict['target_relation'], arg_dict['temp_relation'], arg_dict['dest_columns'], replaced
    )) }}
{% endmacro %}

{#
    The dates of the window that keep what they hold, for SQL's `in`: literals where partitions are pruned by them. Empty
    for none.
#}
{% macro dates_left_alone() %}{{ return(adapter.dispatch('dates_left_alone', 'nba_analytics')()) }}{% endmacro %}

{% macro default__dates_left_alone() %}
    {% set dates = [] %}
    {% for row in run_query(held_back_dates()).rows %}
        {% do dates.append("date '" ~ row['game_date'] ~ "'") %}
    {% endfor %}
    {{ return(dates | join(', ')) }}
{% endmacro %}

{% macro duckdb__dates_left_alone() %}{{ return(held_back_dates()) }}{% endmacro %}

{# Deletes the rows that meet the condition and inserts those of the source, for inside a transaction. #}
{% macro replace_rows_sql(target, source, columns, replaced) %}{{ return(adapter.dispatch('replace_rows_sql', 'nba_analytics')(target, source, columns, replaced)) }}{% endmacro %}

{% macro default__replace_rows_sql(target, source, columns, replaced) -%}
    {%- set names = columns | map(attribute='quoted') | join(', ') -%}
    merge into {{ target }}
    using (select {{ names }} from {{ source }})
    on false
    when not matched by source and ({{ replaced }}) then delete
    when not matched then insert ({{ names }}) values ({{ names }})
{%- endmacro %}

{% macro duckdb__replace_rows_sql(target, source, columns, replaced) -%}
    {%- set names = columns | map(attribute='quoted') | join(', ') -%}
    delete from {{ target }} where {{ replaced }};
    insert into {{ target }} ({{ names }})
    select {{ names }} from {{ source }}
{%- endmacro %}

{% macro bigquery__get_merge_sql(target, source, unique_key, dest_columns, incremental_predicates=none) -%}
    {{ get_incremental_replace_window_sql(
        {'target_relation': target, 'temp_relation': source, 'dest_columns': dest_columns}
    ) }}
{%- endmacro %}

{#
    The rows that a run replaces: those of the window, but for the dates that are held back. Rows without a date belong to
    no window, so every run replaces those too: nba-backfill with one of its windows, since workers that write the same
    partition at the same time would be in each other's way.
#}
{% macro replaced_rows(meta, left_alone='') -%}
    {%- if meta.window_column -%}
        {{ in_window(meta.window_column) }}
        {%- if left_alone %} and {{ meta.window_column }} not in ({{ left_alone }}){% endif %}
        {{- ' or ' ~ meta.window_column ~ ' is null' if meta.keeps_undated_rows and var('with_undated_rows') }}
    {%- elif meta.season_column -%}
        {{ is_season_of_window(meta.season_column) }}
    {%- else -%}
        false
    {%- endif -%}
{%- endmacro %}
