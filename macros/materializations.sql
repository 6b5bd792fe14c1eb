{#
    A table that is made where there is none, and left alone where there is one, in one statement: whoever makes it at the
    same time, or has written into it before this one looks, keeps what is there.
#}
{% materialization made_once, default %}
    {% set table = this.incorporate(type='table') %}
    {% do run_hooks(pre_hooks) %}
    {% call statement('main') %}
        create table if not exists {{ table }} as {{ sql }}
    {% endcall %}
    {% do add_lacked_columns(table, model.columns.values()) %}
    {% do persist_docs(table, model) %}
    {% do run_hooks(post_hooks) %}
    {% do adapter.commit() %}
    {{ return({'relations': [table]}) }}
{% endmaterialization %}

{#
    A table that is made anew, in one statement. dbt-duckdb makes it under another name and then renames and drops, asking
    for indexes and keys in between, ten statements in all: nobody else reads the file meanwhile, and no table has either.
#}
{% materialization table, adapter='duckdb' %}
    {% set existing, table = load_cached_relation(this), this.incorporate(type='table') %}
    {% if existing and not existing.is_table %}
        {% do adapter.drop_relation(existing) %}
    {% endif %}
    {% do run_hooks(pre_hooks) %}
    {% call statement('main') %}
        create or replace table {{ table }} as {{ sql }}
    {% endcall %}
    {% do persist_docs(table, model) %}
    {% do run_hooks(post_hooks) %}
    {% do adapter.commit() %}
    {{ return({'relations': [table]}) }}
{% endmaterialization %}

{#
    A table that is kept: its strategy's statements read the model's query itself. dbt-duckdb puts the rows into a
    temporary table first, asks both tables for their columns, and describes each column anew.
#}
{% materialization incremental, adapter='duckdb' %}
    {% set existing, table = load_cached_relation(this), this.incorporate(type='table') %}
    {% do run_hooks(pre_hooks) %}
    {% if existing is none or not existing.is_table or should_full_refresh() %}
        {% set made = create_table_as(false, table, sql) %}
        {% call statement('main') %}
            {{ 'drop ' ~ existing.type ~ ' ' ~ existing ~ ';' if existing }}
            {{ made }}
        {% endcall %}
        {% do persist_docs(table, model) %}
    {% else %}
        {% if not var('rows_built_by') %}{% do adjust_table(table, model) %}{% endif %}
        {% set columns = [] %}
        {% for column in model.columns.values() %}
            {% do columns.append(api.Column(column.name, column.data_type)) %}
        {% endfor %}
        {% set strategy = adapter.get_incremental_strategy_macro(context, config.get('incremental_strategy')) %}
        {% call statement('main') %}
            {{ strategy({'target_relation': table, 'temp_relation': '(' ~ sql ~ ')', 'dest_columns': columns}) }}
        {% endcall %}
    {% endif %}
    {% do run_hooks(post_hooks) %}
    {% do adapter.commit() %}
    {{ return({'relations': [table]}) }}
{% endmaterialization %}
