{#
    The descriptions of a table that is kept are written when they have changed, and not with each window: DuckDB takes a
    statement for each column, and BigQuery two requests, of which the second is refused where anybody has touched the
    table between them.
#}
{% macro duckdb__persist_docs(relation, model, for_relation, for_columns) -%}
    {% if not (is_incremental() and _comments_of(relation) == _described(model)) %}
        {{ return(dbt.default__persist_docs(relation, model, for_relation, for_columns)) }}
    {% endif %}
{%- endmacro %}

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

{# What the descriptions of a table and of its columns are in the database, by column, the table's own under ''. #}
{% macro _comments_of(relation) %}
    {% set asked %}
        select '' as column_name, comment
        from duckdb_tables()
        where schema_name = {{ quoted(relation.schema) }} and table_name = {{ quoted(relation.identifier) }}
        union all
        select column_name, comment
        from duckdb_columns()
        where schema_name = {{ quoted(relation.schema) }} and table_name = {{ quoted(relation.identifier) }}
    {% endset %}
    {% set comments = {} %}
    {% for row in run_query(asked).rows %}
        {% do comments.update({row['column_name']: row['comment']}) %}
    {% endfor %}
    {{ return(comments) }}
{% endmacro %}

{# What they should be. #}
{% macro _described(model) %}
    {% set described = {'': model.description} %}
    {% for name, column in model.columns.items() %}
        {% do described.update({name: column.description}) %}
    {% endfor %}
    {{ return(described) }}
{% endmacro %}
