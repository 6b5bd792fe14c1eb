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
    {% do add_lacked_columns(table, model.name) %}
    {% do persist_docs(table, model) %}
    {% do run_hooks(post_hooks) %}
    {% do adapter.commit() %}
    {{ return({'relations': [table]}) }}
{% endmaterialization %}
