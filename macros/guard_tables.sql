{#
    Refuses, before anything is built, what would take rows from a table that is kept:

    - --full-refresh, which replaces all of it, and --empty, which replaces the window by nothing. A var allows either.
    - Building it without the window's rows that it is made from: they would be those of another window. The rows
      themselves say so too, but later and for each table.
    - Building it as if it weren't there. dbt makes a table anew, with this window alone, when BigQuery leaves it out of
      its list of tables, and dbt-bigquery takes a refusal to list them for an empty list.
#}
{% macro guard_tables() %}
    {% if execute and flags.WHICH in ('run', 'build') %}
        {% for model_id in selected_resources if model_id.startswith('model.') %}
            {# Each look at a node of the graph makes a copy of it, which takes its time. #}
            {% set node = graph.nodes[model_id] %}
            {% if _is_of_window(node) %}
                {% for upstream in _upstream(node) if _is_of_window(upstream) and upstream.unique_id not in selected_resources
                    and not (var('rows_built_by') and upstream.name == 'int_player_rows_window') %}
                    {{ exceptions.raise_compiler_error(
                        node.name ~ ' is made from ' ~ upstream.name ~ ', which this run does not make: its rows would be '
                        ~ 'those of another window. Select them together: --select +' ~ node.name
                    ) }}
                {% endfor %}
            {% endif %}
            {% if node.config.materialized == 'incremental' %}{% do _guard_table(node) %}{% endif %}
        {% endfor %}
    {% endif %}
{% endmacro %}

{% macro _guard_table(node) %}
    {% set table = node.schema ~ '.' ~ node.alias %}
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
{% endmacro %}

{# Whether a model's table holds a window that is on its way, or is written by window. #}
{% macro _is_of_window(node) %}
    {{ return(
        node.name.endswith('_window')
        or node.config.materialized == 'incremental' and node.config.meta.window_column is defined
    ) }}
{% endmacro %}

{# The models that a model reads, and in the place of ephemeral ones those that they read. #}
{% macro _upstream(node) %}
    {% set found = [] %}
    {% for model_id in node.depends_on.nodes if model_id.startswith('model.') %}
        {% set upstream = graph.nodes[model_id] %}
        {% do found.extend(_upstream(upstream) if upstream.config.materialized == 'ephemeral' else [upstream]) %}
    {% endfor %}
    {{ return(found) }}
{% endmacro %}

{% macro _refuse(what_would_be, allowed_by) %}
    {{ exceptions.raise_compiler_error(
        what_would_be ~ '. Leave it out, or pass --vars ' ~ "'{" ~ allowed_by ~ ": true}' if that is what you want."
    ) }}
{% endmacro %}
