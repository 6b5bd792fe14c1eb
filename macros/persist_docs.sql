{#
    The descriptions of a table that is kept are written when they have changed, and not with each window: DuckDB takes a
    statement for each column.
#}
{% macro duckdb__persist_docs(relation, model, for_relation, for_columns) -%}
    {% if not (is_incremental() and _comments_of(relation) == _described(model)) %}
        {{ return(dbt.default__persist_docs(relation, model, for_relation, for_columns)) }}
    {% endif %}
{%- endmacro %}

{# What the descriptions of a table and of its columns are in the database, by column, the table's own under ''. #}
{% macro _comments_of(relation) %}
    {% set asked %}
        select '' as column_name, comment
        from duckdb_tables()
        where schema_name = '{{ relation.schema }}' and table_name = '{{ relation.identifier }}'
        union all
        select column_name, comment
        from duckdb_columns()
        where schema_name = '{{ relation.schema }}' and table_name = '{{ relation.identifier }}'
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
