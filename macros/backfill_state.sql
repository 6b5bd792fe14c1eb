{#
    What nba-backfill keeps about itself in the warehouse: the log of what it did, and the lock that keeps two runs
    apart. They are for `dbt run-operation`, and raise with a sentence when they can't do what they say.
#}

{# Appends what happened to backfill_events. What isn't given is NULL. #}
{% macro log_event(run_id, event_name) %}
    {% do run_query(insert_event(run_id, event_name, **kwargs)) %}
{% endmacro %}

{% macro insert_event(
    run_id, event_name, start_date=none, end_date=none, details=none, host_name=none, process_id=none,
    windows_done=none, rows_added=none, rows_removed=none, rows_changed=none, kept_until=none
) -%}
    insert into {{ ref('backfill_events') }} (
        event_at, run_id, event_name, start_date, end_date, details, host_name, process_id,
        windows_done, rows_added, rows_removed, rows_changed, kept_until
    )
    values (
        {{ run_timestamp() }},
        {{ literal(run_id) }},
        {{ literal(event_name) }},
        {{ literal(start_date, 'date') }},
        {{ literal(end_date, 'date') }},
        {{ literal(details) }},
        {{ literal(host_name) }},
        {{ literal(process_id, 'int64') }},
        {{ literal(windows_done, 'int64') }},
        {{ literal(rows_added, 'int64') }},
        {{ literal(rows_removed, 'int64') }},
        {{ literal(rows_changed, 'int64') }},
        {{ kept_until or literal(none, 'timestamp') }}
    )
{%- endmacro %}

{# A value as SQL, NULL for none. #}
{% macro literal(value, type='string') -%}
    cast({{ 'null' if value is none else quoted(value | string) }} as {{ type }})
{%- endmacro %}

{#
    Takes the lock for a run if nobody has it, if its holder has not renewed it for so many minutes, or if the holder is
    the run that is known to be dead. It is one statement, so that of two runs one gets it. Raises when another run has
    it.
#}
{% macro take_lock(run_id, holder, host_name, process_id, expires_after_minutes=60, dead_run_id=none) %}
    {% do run_query(
        'update ' ~ ref('backfill_lock') ~ ' set'
        ~ ' run_id = ' ~ literal(run_id)
        ~ ', holder = ' ~ literal(holder)
        ~ ', host_name = ' ~ literal(host_name)
        ~ ', process_id = ' ~ literal(process_id, 'int64')
        ~ ', held_since = ' ~ run_timestamp()
        ~ ', alive_at = ' ~ run_timestamp()
        ~ ' where run_id is null or run_id in (' ~ literal(run_id) ~ ', ' ~ literal(dead_run_id) ~ ')'
        ~ ' or alive_at < ' ~ run_timestamp(minutes=-expires_after_minutes)
    ) %}
    {% do _require_lock(run_id) %}
{% endmacro %}

{# Says that the run is alive. Raises when another run has taken the lock meanwhile. #}
{% macro renew_lock(run_id) %}
    {% do run_query(
        'update ' ~ ref('backfill_lock') ~ ' set alive_at = ' ~ run_timestamp() ~ ' where run_id = ' ~ literal(run_id)
    ) %}
    {% do _require_lock(run_id) %}
{% endmacro %}

{# Gives the lock back, if the run still has it. #}
{% macro release_lock(run_id) %}
    {% do run_query(
        'update ' ~ ref('backfill_lock') ~ ' set run_id = null, holder = null, host_name = null, process_id = null'
        ~ ', held_since = null, alive_at = null where run_id = ' ~ literal(run_id)
    ) %}
{% endmacro %}

{% macro _require_lock(run_id) %}
    {% set lock = run_query('select run_id, holder, host_name, process_id, held_since from ' ~ ref('backfill_lock')).rows[0] %}
    {% if lock['run_id'] != run_id | string %}
        {{ exceptions.raise_compiler_error(
            'The lock is ' ~ (
                'held by nobody.' if lock['run_id'] is none else
                'held by run ' ~ lock['run_id'] ~ ' of ' ~ lock['holder'] ~ ', process ' ~ lock['process_id'] ~ ' on '
                ~ lock['host_name'] ~ ', since ' ~ lock['held_since'].strftime('%Y-%m-%d %H:%M:%S') ~ ' UTC.'
            )
        ) }}
    {% endif %}
{% endmacro %}

{#
    The rows of a model that meet the condition, as a select. Before the first build of the model it has no row, and the
    types that its YAML gives.
#}
{% macro rows_if_built(model_name, condition='true') -%}
    {%- set relation = ref(model_name) -%}
    {%- if not execute or is_built(relation) -%}
        select * from {{ relation }}
        where {{ condition }}
    {%- else -%}
        select
            {%- for column in graph.nodes['model.' ~ project_name ~ '.' ~ model_name].columns.values() %}
                cast(null as {{ column.data_type }}) as {{ column.name }}{{ ',' if not loop.last }}
            {%- endfor %}
        limit 0
    {%- endif -%}
{%- endmacro %}
