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
    {% do adjust_tables() %}
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

{#
    Appends once, however often it is sent: nba-backfill does an operation again whose answer it has not heard, and its
    id, the var operation_id, stays the same.
#}
{% macro insert_event(
    run_id, event_name, start_date=none, end_date=none, details=none, host_name=none, process_id=none,
    windows_done=none, rows_added=none, rows_removed=none, rows_changed=none, kept_days=none
) -%}
    {%- set event_id = literal((var('operation_id') or invocation_id) ~ ' ' ~ event_name ~ ' ' ~ run_id) -%}
    insert into {{ ref('backfill_events') }} (
        event_id, event_at, run_id, event_name, start_date, end_date, details, host_name, process_id,
        windows_done, rows_added, rows_removed, rows_changed, kept_until
    )
    select *
    from (
        select
            {{ event_id }} as event_id,
            {{ run_timestamp() }} as event_at,
            {{ literal(run_id) }} as run_id,
            {{ literal(event_name) }} as event_name,
            {{ literal(start_date, 'date') }} as start_date,
            {{ literal(end_date, 'date') }} as end_date,
            {{ literal(details) }} as details,
            {{ literal(host_name) }} as host_name,
            {{ literal(process_id, 'int64') }} as process_id,
            {{ literal(windows_done, 'int64') }} as windows_done,
            {{ literal(rows_added, 'int64') }} as rows_added,
            {{ literal(rows_removed, 'int64') }} as rows_removed,
            {{ literal(rows_changed, 'int64') }} as rows_changed,
            {{ literal(none, 'timestamp') if kept_days is none else run_timestamp(days=whole_number('kept_days', kept_days)) }}
                as kept_until
    ) as event
    where not exists (select 1 as a_row from {{ ref('backfill_events') }} where event_id = {{ event_id }})
{%- endmacro %}

{# A value as SQL, NULL for none. #}
{% macro literal(value, type='string') -%}
    cast({{ 'null' if value is none else quoted(value | string) }} as {{ type }})
{%- endmacro %}

{# A count that is given, as a number. Raises where it is none, which Jinja's int would take for nought. #}
{% macro whole_number(name, value) %}
    {% if not modules.re.fullmatch('[0-9]{1,15}', value | string) %}
        {{ exceptions.raise_compiler_error(name ~ ' is ' ~ tojson(value | string) ~ ', which is no whole number.') }}
    {% endif %}
    {{ return(value | int) }}
{% endmacro %}

{#
    Takes the lock for a run if nobody has it, if its holder has not renewed it for so many minutes, or if the holder is
    known to be dead. It is one statement, so that of two runs one gets it. The holder is told by its token, which no
    other process has, whatever else is the same. Raises when another has the lock.
#}
{% macro take_lock(
    run_id, token, holder=none, host_name=none, boot_id=none, process_id=none, expires_after_minutes=30, dead_token=none
) %}
    {% do make_lock() %}
    {% do run_query(
        'update ' ~ ref('backfill_lock') ~ ' set'
        ~ ' run_id = ' ~ literal(run_id)
        ~ ', token = ' ~ literal(token)
        ~ ', holder = ' ~ literal(holder)
        ~ ', host_name = ' ~ literal(host_name)
        ~ ', boot_id = ' ~ literal(boot_id)
        ~ ', process_id = ' ~ literal(process_id, 'int64')
        ~ ', held_since = ' ~ run_timestamp()
        ~ ', alive_at = ' ~ run_timestamp()
        ~ ' where run_id is null or token in (' ~ literal(token) ~ ', ' ~ literal(dead_token) ~ ')'
        ~ ' or alive_at < ' ~ run_timestamp(minutes=-whole_number('expires_after_minutes', expires_after_minutes))
    ) %}
    {% do _require_lock(token) %}
{% endmacro %}

{# Says that the holder is alive. Raises when another has taken the lock meanwhile. #}
{% macro renew_lock(token) %}
    {% do run_query(
        'update ' ~ ref('backfill_lock') ~ ' set alive_at = ' ~ run_timestamp() ~ ' where token = ' ~ literal(token)
    ) %}
    {% do _require_lock(token) %}
{% endmacro %}

{# Gives the lock back, if its holder still has it. Locks of earlier versions have no token: there its run is named. #}
{% macro release_lock(token=none, run_id=none) %}
    {% do run_query(
        'update ' ~ ref('backfill_lock') ~ ' set run_id = null, token = null, holder = null, host_name = null'
        ~ ', boot_id = null, process_id = null, held_since = null, alive_at = null where '
        ~ (
            'token = ' ~ literal(token) if token is not none
            else 'token is null and run_id = ' ~ literal(run_id)
        )
    ) %}
{% endmacro %}

{#
    Makes the lock where there is none, with the one row that it has. In one statement that leaves alone what is there: two
    first runs make it at the same time, and one may have taken it before the other looks.
#}
{% macro make_lock() %}
    {% set lock = ref('backfill_lock') %}
    {% if not is_built(lock) %}
        {% do ensure_schema(lock) %}
        {% do run_query('create table if not exists ' ~ lock ~ ' as ' ~ unlocked()) %}
    {% endif %}
    {% do add_lacked_columns(lock, _columns_of('backfill_lock')) %}
    {# To look for tables has begun a transaction where the engine has one. #}
    {% do adapter.commit() %}
{% endmacro %}

{# The row of the lock while nobody has it, as a select: every column of the model. #}
{% macro unlocked() -%}
    select {{ _nulls(_columns_of('backfill_lock')) }}
{%- endmacro %}

{# A table of an earlier version gets the columns that the model has now. #}
{% macro add_lacked_columns(table, columns) %}
    {% set has = adapter.get_columns_in_relation(table) | map(attribute='name') | map('lower') | list %}
    {% for column in columns if column.name not in has %}
        {% do run_query(
            'alter table ' ~ table ~ ' add column if not exists ' ~ column.name ~ ' ' ~ column.data_type
        ) %}
    {% endfor %}
{% endmacro %}

{# Makes a relation's schema if it isn't there. To ask for it where it is needs a right on the whole project. #}
{% macro ensure_schema(relation) %}
    {% if not adapter.check_schema_exists(relation.database, relation.schema) %}
        {% do adapter.create_schema(relation) %}
    {% endif %}
{% endmacro %}

{% macro _require_lock(token) %}
    {% set lock = run_query(
        'select run_id, token, holder, host_name, process_id, held_since from ' ~ ref('backfill_lock')
    ).rows[0] %}
    {% if lock['token'] != token | string %}
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
    {%- if not execute or relation.is_cte or is_built(relation) -%}
        {{ rows_with_every_column(model_name, condition) }}
    {%- else -%}
        select {{ _nulls(_columns_of(model_name)) }}
        limit 0
    {%- endif -%}
{%- endmacro %}

{# The same of a model that is built: a column that its table still lacks, since the next build appends it, is NULL. #}
{% macro rows_with_every_column(model_name, condition='true') -%}
    {%- set relation = ref(model_name) -%}
    {%- set lacked = [] -%}
    {#- The rows that a unit test gives are no table. -#}
    {%- if execute and not relation.is_cte -%}
        {%- set has = adapter.get_columns_in_relation(relation) | map(attribute='name') | map('lower') | list -%}
        {%- do lacked.extend(_columns_of(model_name) | rejectattr('name', 'in', has)) -%}
    {%- endif -%}
    select *{{ ', ' if lacked }}{{ _nulls(lacked) }} from {{ relation }}
    where {{ condition }}
{%- endmacro %}

{% macro _columns_of(model_name) %}
    {{ return(node_of(model_name).columns.values() | list) }}
{% endmacro %}

{% macro _nulls(columns) -%}
    {%- for column in columns -%}
        cast(null as {{ column.data_type }}) as {{ column.name }}{{ ', ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}
