{#
    Refuses, before anything is built, what would take rows from a table that is kept:

    - --full-refresh, which replaces all of it, and --empty, which replaces the window by nothing. A var allows either.
    - Building it without the window's rows that it is made from: they would be those of another window.
    - Building it as if it weren't there. dbt makes a table anew, with this window alone, when BigQuery leaves it out of
      its list of tables, and dbt-bigquery takes a refusal to list them for an empty list.
#}
{% macro guard_tables() %}
    {% if execute and flags.WHICH in ('run', 'build') %}
        {% for node in graph.nodes.values() if node.unique_id in selected_resources and node.config.materialized == 'incremental' %}
            {% set table = node.schema ~ '.' ~ node.alias %}
            {% for upstream in node.depends_on.nodes if upstream.endswith('_window') and upstream not in selected_resources %}
                {{ exceptions.raise_compiler_error(
                    node.name ~ ' is made from the rows of ' ~ upstream.split('.') | last ~ ', which this run does not '
                    ~ 'make. Select them together: --select +' ~ node.name
                ) }}
            {% endfor %}
            {% if not adapter.get_relation(node.database, node.schema, node.alias) %}
                {% if is_built(api.Relation.create(database=node.database, schema=node.schema, identifier=node.alias)) %}
                    {{ exceptions.raise_compiler_error(
                        'The list of tables in ' ~ node.schema ~ ' leaves out ' ~ node.alias ~ ', which is there. Nothing '
                        ~ 'was changed. A quota may be used up, or the role lacks bigquery.tables.list or '
                        ~ 'bigquery.routines.list.'
                    ) }}
                {% endif %}
            {% elif flags.FULL_REFRESH and not var('allow_full_refresh') %}
                {% do _refuse(
                    '--full-refresh would replace all that ' ~ table ~ ' holds by the rows of this run',
                    'allow_full_refresh'
                ) %}
            {% elif flags.EMPTY and node.config.meta.window_column and not var('allow_empty') %}
                {% do _refuse('--empty would replace the window of ' ~ table ~ ' by nothing', 'allow_empty') %}
            {% endif %}
        {% endfor %}
    {% endif %}
{% endmacro %}

{% macro _refuse(what_would_be, allowed_by) %}
    {{ exceptions.raise_compiler_error(
        what_would_be ~ '. Leave it out, or pass --vars ' ~ "'{" ~ allowed_by ~ ": true}' if that is what you want."
    ) }}
{% endmacro %}
