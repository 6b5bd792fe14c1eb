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
    What describes a DuckDB table that stands and its columns, by column, the table's own under ''. In one question: DuckDB
    answers for all tables that there are, which takes longer than to write a window.
#}
{% macro descriptions_of(table) %}
    {% set found = run_query(
        "select coalesce(column_name, '') as column_name, comment from ("
        ~ 'select column_name, comment from duckdb_columns()' ~ _is_named(table)
        ~ ' union all select null, comment from duckdb_tables()' ~ _is_named(table)
        ~ ') as described'
    ) %}
    {% set described = {} %}
    {% for row in found.rows %}{% do described.update({row['column_name']: row['comment']}) %}{% endfor %}
    {{ return(described) }}
{% endmacro %}

{% macro _is_named(table) -%}
    {{ ' ' -}}
    where database_name = {{ quoted(table.database) }} and schema_name = {{ quoted(table.schema) }}
        and table_name = {{ quoted(table.identifier) }}
{%- endmacro %}

{# Whether that is what the model says. #}
{% macro is_described_by(described, model) %}
    {% set others = [described[''] != model.description] %}
    {% for name, column in model.columns.items() %}
        {% do others.append(described[name] != column.description) %}
    {% endfor %}
    {{ return(not (others | select | list)) }}
{% endmacro %}
