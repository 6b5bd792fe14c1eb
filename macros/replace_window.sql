{#
    The incremental strategy of everything that is kept by game date: what the window holds is replaced by the new
    rows, in one transaction. Deleting by the window's literal dates, and not by the keys or dates of the new rows,
    is what takes away a player who left a box score and empties a date that lost its games.

    dbt-bigquery takes no strategy but its own, so there the models say `merge`, and its MERGE is this one.
#}
{% macro get_incremental_replace_window_sql(arg_dict) %}
    {% if flags.EMPTY %}
        {{ exceptions.raise_compiler_error(
            '--empty would replace the window of ' ~ arg_dict['target_relation'] ~ ' by nothing. Leave it out.'
        ) }}
    {% endif %}
    {{ return(adapter.dispatch('get_incremental_replace_window_sql', 'nba_analytics')(arg_dict)) }}
{% endmacro %}

{% macro default__get_incremental_replace_window_sql(arg_dict) -%}
    {%- set columns = arg_dict['dest_columns'] | map(attribute='quoted') | join(', ') -%}
    merge into {{ arg_dict['target_relation'] }}
    using (select {{ columns }} from {{ arg_dict['temp_relation'] }})
    on false
    when not matched by source and ({{ replaced_rows() }}) then delete
    when not matched then insert ({{ columns }}) values ({{ columns }})
{%- endmacro %}

{% macro bigquery__get_merge_sql(target, source, unique_key, dest_columns, incremental_predicates=none) -%}
    {{ get_incremental_replace_window_sql(
        {'target_relation': target, 'temp_relation': source, 'dest_columns': dest_columns}
    ) }}
{%- endmacro %}

{% macro duckdb__get_incremental_replace_window_sql(arg_dict) -%}
    {%- set columns = arg_dict['dest_columns'] | map(attribute='quoted') | join(', ') -%}
    delete from {{ arg_dict['target_relation'] }} where {{ replaced_rows() }};
    insert into {{ arg_dict['target_relation'] }} ({{ columns }})
    select {{ columns }} from {{ arg_dict['temp_relation'] }}
{%- endmacro %}

{# The rows that a run replaces. Rows without a date belong to no window, so every run replaces those too. #}
{% macro replaced_rows() -%}
    {{ in_window('game_date') }}{{ ' or game_date is null' if config.get('meta').keeps_undated_rows }}
{%- endmacro %}
