{#
    Where models and seeds are built. A target whose schema is var analytics_schema is production and builds exactly
    there. Any other schema is a developer's own prefix: with the schema `alice`, alice_nba_analytics. Sources are never
    prefixed.
#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {%- do _require_names() -%}
    {%- set schema = (custom_schema_name or var('analytics_schema')) | trim -%}
    {{ schema if target.schema == var('analytics_schema') else target.schema ~ '_' ~ schema }}
{%- endmacro %}

{# The var analytics_database, where a model doesn't name another one. #}
{% macro generate_database_name(custom_database_name=none, node=none) -%}
    {{ (custom_database_name or var('analytics_database') or target.database) | trim }}
{%- endmacro %}

{#
    Raises for a var that is to name a table, a schema or a database and is no name: dbt puts names into quotes and leaves
    quotes in them as they are. dbt asks where each node is built when it parses the project, so before any query.
#}
{% macro _require_names() %}
    {% for name in [
        'raw_database', 'raw_schema', 'reference_database', 'reference_schema', 'analytics_database', 'analytics_schema',
        'worker',
    ] if not modules.re.fullmatch('[\\w.:-]*', var(name) | default('', true) | string) %}
        {{ exceptions.raise_compiler_error(
            'The var ' ~ name ~ ' is ' ~ tojson(var(name)) ~ ', which is no name: say it in letters, digits, _, -, . and :.'
        ) }}
    {% endfor %}
{% endmacro %}

{# The node of a model in the graph, of a versioned one its latest version's. #}
{% macro node_of(model_name) %}
    {% set model_id = 'model.' ~ project_name ~ '.' ~ model_name %}
    {% set version = model_id ~ '.v' %}
    {% for node_id in graph.nodes.keys() if node_id == model_id or node_id.startswith(version) %}
        {% set node = graph.nodes[node_id] %}
        {% if not node.version or node.version == node.latest_version %}{{ return(node) }}{% endif %}
    {% endfor %}
{% endmacro %}

{#
    The comment on every query. On BigQuery its entries are the job's labels too, so that a run's jobs and bytes are
    found by run_id in INFORMATION_SCHEMA.JOBS.
#}
{% macro query_labels(node) -%}
    {%- set labels = {'app': project_name, 'target_name': target.name} -%}
    {%- if var('run_id', none) -%}
        {%- do labels.update({'run_id': var('run_id')}) -%}
    {%- endif -%}
    {%- if node -%}
        {%- do labels.update({'node_name': node.name}) -%}
    {%- endif -%}
    {{ return(tojson(labels)) }}
{%- endmacro %}

{# The teams that the var teams names, in upper case, as a list of literals. #}
{% macro quoted_teams() -%}
    {%- for team in var('teams') or [''] -%}
        {{ quoted(team | string | upper | trim) }}{{ ', ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}
