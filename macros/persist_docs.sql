{#
    The descriptions of a table that is kept are written when they have changed, and not with each window: DuckDB takes a
    statement for each column, and BigQuery two requests, of which the second is refused where anybody has touched the
    table between them.
#}
{% macro duckdb__persist_docs(relation, model, for_relation, for_columns) -%}
    {% set standing = load_result('standing_columns') %}
    {% if not (standing and _comments_of(standing.table) == _described(model)) %}
        {{ return(dbt.default__persist_docs(relation, model, for_relation, for_columns)) }}
    {% endif %}
{%- endmacro %}

{#
    What dbt asks of a table that stands before each window, in one question with its descriptions: DuckDB answers for all
    tables that there are, so each question takes longer than to write a window.
#}
{% macro duckdb__process_schema_changes(on_schema_change, source_relation, target_relation) %}
    {% call statement('columns_of_both', fetch_result=True) %}
        select
            new_columns.column_name,
            new_columns.column_type as data_type,
            standing.data_type as standing_type,
            standing.comment,
            standing_table.comment as table_comment
        from (describe {{ source_relation }}) as new_columns
        full outer join (
            select column_name, data_type, comment
            from duckdb_columns()
            where database_name = {{ quoted(target_relation.database) }}
                and schema_name = {{ quoted(target_relation.schema) }}
                and table_name = {{ quoted(target_relation.identifier) }}
        ) as standing on new_columns.column_name = standing.column_name
        left join duckdb_tables() as standing_table
            on standing_table.database_name = {{ quoted(target_relation.database) }}
            and standing_table.schema_name = {{ quoted(target_relation.schema) }}
            and standing_table.table_name = {{ quoted(target_relation.identifier) }}
    {% endcall %}
    {% set asked = load_result('columns_of_both').table %}
    {% set columns = [] %}
    {% for column in asked.rows %}
        {% if column['data_type'] != column['standing_type'] %}
            {{ return(dbt.default__process_schema_changes(on_schema_change, source_relation, target_relation)) }}
        {% endif %}
        {% do columns.append(api.Column(column['column_name'], column['data_type'])) %}
    {% endfor %}
    {# For persist_docs: a result is there until it is asked for. #}
    {% do store_result('standing_columns', response=none, agate_table=asked) %}
    {{ return(columns) }}
{% endmacro %}

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

{# What the descriptions of a table that stands and of its columns are, by column, the table's own under ''. #}
{% macro _comments_of(columns) %}
    {% set comments = {'': columns.rows[0]['table_comment']} %}
    {% for row in columns.rows %}
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
