{#
    A table that is made has its own description already, by its DDL. One that stands gets another by DDL too: by the API
    dbt-bigquery would name the version that it has read, and be refused with 412 where there is a newer one.
#}
{% macro bigquery__persist_docs(relation, model, for_relation, for_columns) -%}
    {% set table = adapter.get_bq_table(relation) %}
    {% if for_relation and config.persist_relation_docs() and (table.description or '') != model.description %}
        {% do run_query(
            'alter ' ~ (relation.type or 'table') ~ ' ' ~ relation ~ ' set options (description = '
            ~ quoted(model.description) ~ ')'
        ) %}
    {% endif %}
    {% set changed = {} %}
    {% for field in table.schema if field.name in model.columns %}
        {% set column = model.columns[field.name] %}
        {% if (field.description or '') != column.description %}{% do changed.update({field.name: column}) %}{% endif %}
    {% endfor %}
    {% if for_columns and config.persist_column_docs() and changed %}
        {% do alter_column_comment(relation, changed) %}
    {% endif %}
{%- endmacro %}

{#
    Gives each table that stands the columns and descriptions that its model has now. A run of nba-backfill has it done
    once: on DuckDB, which answers for all tables that there are, a window would ask for longer than it writes. dbt's own
    incremental models do it by themselves.
#}
{% macro adjust_tables() %}{{ return(adapter.dispatch('adjust_tables', 'nba_analytics')()) }}{% endmacro %}

{% macro default__adjust_tables() %}{% endmacro %}

{% macro duckdb__adjust_tables() %}
    {% for node in graph.nodes.values() if node.resource_type == 'model' and node.config.materialized == 'incremental' %}
        {% set table = adapter.get_relation(node.database, node.schema, node.alias) %}
        {% if table %}{% do adjust_table(table, node) %}{% endif %}
    {% endfor %}
{% endmacro %}

{% macro adjust_table(table, model) %}
    {% set is_named = 'where database_name = ' ~ quoted(table.database) ~ ' and schema_name = ' ~ quoted(table.schema)
        ~ ' and table_name = ' ~ quoted(table.identifier) %}
    {% set found = run_query(
        "select '' as column_name, comment from duckdb_tables() " ~ is_named
        ~ ' union all select column_name, comment from duckdb_columns() ' ~ is_named
    ) %}
    {% set standing = dict(found.rows.values()) %}
    {% set changed = {} %}
    {% for name, column in model.columns.items() if standing.get(name) != column.description %}
        {% do changed.update({name: column}) %}
    {% endfor %}
    {% if changed %}
        {% do add_lacked_columns(table, changed.values()) %}
        {% do run_query(alter_column_comment(table, changed)) %}
    {% endif %}
    {% if standing[''] != model.description %}{% do run_query(alter_relation_comment(table, model.description)) %}{% endif %}
{% endmacro %}
