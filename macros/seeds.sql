{#
    On BigQuery a seed that is there is replaced by its load job, in one step. dbt-bigquery would drop it first, and a run
    at work would not find it in the gap.
#}
{% macro bigquery__reset_csv_table(model, full_refresh, old_relation, agate_table) %}
    {{ return(bigquery__create_csv_table(model, agate_table)) }}
{% endmacro %}

{# A seed without rows is not loaded but made, in one step as well. #}
{% macro bigquery__create_csv_table(model, agate_table) %}
    {% if agate_table.rows | length == 0 %}
        {% set columns = [] %}
        {% for column_name in agate_table.column_names %}
            {% do columns.append(column_name ~ ' ' ~ model.config.column_types[column_name]) %}
        {% endfor %}
        {% do run_query(
            'create or replace table ' ~ this ~ ' (' ~ columns | join(', ') ~ ') '
            ~ bigquery_table_options(config, model, temporary=false)
        ) %}
    {% endif %}
{% endmacro %}

{# Loads the rows, and sets what the load leaves out, its description too. #}
{% macro bigquery__load_csv_rows(model, agate_table) %}
    {% do adapter.load_dataframe(
        model.database, model.schema, model.alias, agate_table, model.config.column_types, model.config.delimiter
    ) %}
    {% do run_query('alter table ' ~ this ~ ' set ' ~ bigquery_table_options(config, model, temporary=false)) %}
{% endmacro %}
