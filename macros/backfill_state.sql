{#
    What nba-backfill keeps about itself in the warehouse: the log of what it did, and the lock that keeps two runs
    apart. They are for `dbt run-operation`, and raise with a sentence when they can't do what they say.
#}

{#
    Begins a run that has the lock: that it does, a copy of what it will replace, and for nba-backfill, which listens to
    dbt's events, what the summary holds of each date.
#}
{% macro begin_run(run_id, host_name, process_id, days) %}
    {% do log_event(
        run_id, 'run started', start_date=window_start(), end_date=window_end(), host_name=host_name,
        process_id=process_id
    ) %}
    {% do keep_range(run_id, days) %}
    {% set held = _rows_of(daily_figures(rows_if_built('player_game_summary', in_window('game_date')))) %}
    {{ log('held by the summary: ' ~ tojson(held)) }}
{% endmacro %}

{# Ends a run: how, and what it has changed. Then drops the copies that are kept no longer. #}
{% macro end_run(run_id, event_name, windows_done, keep_count, days) %}
    {% set changes = run_query(changes_of_run(run_id)).rows[0] %}
    {% do log_event(
        run_id, event_name, start_date=window_start(), end_date=window_end(), windows_done=windows_done,
        rows_added=changes['rows_added'], rows_removed=changes['rows_removed'], rows_changed=changes['rows_changed']
    ) %}
    {% do drop_kept(keep_count, days) %}
    {# To look for tables has begun a transaction where the engine has one. #}
    {% do adapter.commit() %}
{% endmacro %}

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
    types that its YAML gives. A column that the table still lacks, since the next build appends it, is NULL.
#}
{% macro rows_if_built(model_name, condition='true') -%}
    {%- set relation = ref(model_name) -%}
    {#- The rows that a unit test gives are no table. -#}
    {%- if not execute or relation.is_cte -%}
        select * from {{ relation }}
        where {{ condition }}
    {%- else -%}
        {%- set columns = graph.nodes['model.' ~ project_name ~ '.' ~ model_name].columns.values() | list -%}
        {%- if is_built(relation) -%}
            {%- set has = adapter.get_columns_in_relation(relation) | map(attribute='name') | map('lower') | list -%}
            {%- set lacked = columns | rejectattr('name', 'in', has) | list -%}
            select *{{ ', ' if lacked }}{{ _nulls(lacked) }} from {{ relation }}
            where {{ condition }}
        {%- else -%}
            select {{ _nulls(columns) }}
            limit 0
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}

{% macro _nulls(columns) -%}
    {%- for column in columns -%}
        cast(null as {{ column.data_type }}) as {{ column.name }}{{ ', ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}
