{#
    What a data test reads. dbt's own macro adds the test's `where`; this one adds the window, for every model that
    names its date column in meta.window_column, so that a test that a user runs on a window scans that window only.
    It is rendered when the test runs: a `where` would keep the window from when the project was parsed.
#}
{% macro get_where_subquery(relation) -%}
    {%- set conditions = [] -%}
    {%- if config.get('where') -%}
        {%- do conditions.append('(' ~ config.get('where') ~ ')') -%}
    {%- endif -%}
    {%- set tested = graph.nodes.get(model.attached_node) if execute -%}
    {%- if tested and tested.config.meta.window_column -%}
        {%- do conditions.append(in_window(tested.config.meta.window_column)) -%}
    {%- endif -%}
    {%- if conditions -%}
        {%- do return('(select * from ' ~ relation ~ ' where ' ~ conditions | join(' and ') ~ ') as tested') -%}
    {%- endif -%}
    {%- do return(relation) -%}
{%- endmacro %}

{# For tests that return a row per finding with its severity: 0 without rows, 1 to warn, 2 to fail. #}
{% macro worst_severity() -%}
    {{ return("coalesce(max(case severity when 'error' then 2 else 1 end), 0)") }}
{%- endmacro %}

{# Without dates `dbt test` tests all that the summary holds, and says which dates those are. #}
{% macro tell_tested_dates() %}
    {% if execute and flags.WHICH == 'test' and not var('start_date', none) and not var('end_date', none) %}
        {% set summary = adapter.get_relation(generate_database_name(), generate_schema_name(none, none), 'player_game_summary') %}
        {% if summary %}
            {% set held = run_query(
                'select min(game_date) as first_date, max(game_date) as last_date from ' ~ summary ~ ' where '
                ~ in_any_partition('game_date')
            ).rows[0] %}
            {{ log(
                'No dates are given: testing all that player_game_summary holds, ' ~ held['first_date'] ~ '..'
                ~ held['last_date'] ~ '.', info=true
            ) }}
        {% endif %}
    {% endif %}
{% endmacro %}
