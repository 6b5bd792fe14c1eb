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

{# For tests that return a row per finding with the verdict warn or error: 0 without rows, 1 to warn, 2 to fail. #}
{% macro worst_verdict() -%}
    {{ return("coalesce(max(case verdict when 'error' then 2 else 1 end), 0)") }}
{%- endmacro %}
