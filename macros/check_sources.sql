{#
    Stops a run whose raw tables are missing, empty or without a column that the project declares, or have one as another
    kind of type, and says which. What no model reads (meta.is_read: false) may be of any type. An empty window is no
    fault, an empty table is: nothing was ever loaded, and a run would empty the summary.
#}
{% macro check_sources() %}
    {% if execute and flags.WHICH in ('run', 'build', 'test', 'run-operation') and var('check_sources') %}
        {% for node in graph.sources.values() if node.package_name == project_name %}
            {% set wanted = api.Relation.create(database=node.database, schema=node.schema, identifier=node.identifier) %}
            {% set columns = adapter.get_columns_in_relation(wanted) %}
            {% set has = columns | map(attribute='name') | map('lower') | list %}
            {% if not has %}
                {{ exceptions.raise_compiler_error(
                    'The raw table ' ~ wanted ~ ' does not exist. Load it with nba-backfill load-raw or '
                    ~ 'demo-league, or say where it is in the vars raw_database, raw_schema and reference_schema. '
                    ~ how_to_list_tables(wanted)
                ) }}
            {% endif %}
            {% set missing = node.columns.keys() | reject('in', has) | list %}
            {% if missing %}
                {{ exceptions.raise_compiler_error(
                    'The raw table ' ~ wanted ~ ' has no column ' ~ missing | join(', ')
                    ~ '. Load it anew with all columns that ' ~ node.original_file_path ~ ' names.'
                ) }}
            {% endif %}
            {% set of_other_types = [] %}
            {% for column in columns %}
                {% set declared = node.columns.get(column.name | lower) %}
                {% if declared and declared.config.meta.get('is_read', true) and (
                    declared.data_type in ('bigint', 'double', 'date') and column.is_string()
                    or declared.data_type in ('string', 'date') and column.is_number()
                ) %}
                    {% do of_other_types.append(column.name ~ ' as ' ~ column.dtype ~ ', not ' ~ declared.data_type) %}
                {% endif %}
            {% endfor %}
            {% if of_other_types %}
                {{ exceptions.raise_compiler_error(
                    'The raw table ' ~ wanted ~ ' has ' ~ of_other_types | join('; ')
                    ~ '. Load it anew with the types that ' ~ node.original_file_path ~ ' names.'
                ) }}
            {% endif %}
            {% set any_row %}
                select 1 as a_row from {{ wanted }}
                {%- if 'game_date' in node.columns %} where {{ in_any_partition('game_date') }}{% endif %}
                limit 1
            {% endset %}
            {% if run_query(any_row).rows | length == 0 %}
                {{ exceptions.raise_compiler_error(
                    'The raw table ' ~ wanted ~ ' is empty. Load it with nba-backfill load-raw or demo-league. '
                    ~ how_to_list_tables(wanted)
                ) }}
            {% endif %}
        {% endfor %}
    {% endif %}
{% endmacro %}
