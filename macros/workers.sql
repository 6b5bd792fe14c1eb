{#
    Workers of one run build different windows at the same time, so each has window tables of its own, named after the
    var worker. BigQuery drops those of a worker that didn't come to its end after a day.
#}

{% macro of_worker(name) %}{{ return(name ~ '__' ~ var('worker') if var('worker') else name) }}{% endmacro %}

{% macro hours_of_worker() %}{{ return(24 if var('worker') else none) }}{% endmacro %}

{# Drops the worker's tables. #}
{% macro drop_worker_tables() %}
    {% for node in graph.nodes.values() if var('worker') and node.alias.endswith('__' ~ var('worker')) %}
        {% do run_query('drop table if exists ' ~ node.relation_name) %}
    {% endfor %}
{% endmacro %}
