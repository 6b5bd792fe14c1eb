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
    What is made anew, in one statement. dbt-duckdb makes it under another name and then renames and drops, asking for
    indexes and keys in between, up to ten statements: nobody else reads the file meanwhile, and nothing has either.
#}
{% materialization table, adapter='duckdb' %}{{ return(_made_anew('table')) }}{% endmaterialization %}

{% materialization view, adapter='duckdb' %}{{ return(_made_anew('view')) }}{% endmaterialization %}

{% macro _made_anew(type) %}
    {% set existing, made = load_cached_relation(this), this.incorporate(type=type) %}
    {% if existing and existing.type != type %}
        {% do adapter.drop_relation(existing) %}
    {% endif %}
    {% do run_hooks(pre_hooks) %}
    {% if config.get('contract').enforced %}{{ get_assert_columns_equivalent(sql) }}{% endif %}
    {% call statement('main') %}
        create or replace {{ type }} {{ made }} as {{ sql }}
    {% endcall %}
    {% do persist_docs(made, model) %}
    {% do run_hooks(post_hooks) %}
    {% do adapter.commit() %}
    {{ return({'relations': [made]}) }}
{% endmacro %}

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
