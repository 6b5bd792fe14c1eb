{#
    Before the first window of a run, what the tables that it replaces hold for its range is kept, and can be put back.
    The copies are tables of a schema of their own, named after the table and the run.
#}

{# The models whose rows a run replaces by window. #}
{% macro replaced_models() %}
    {{ return(['player_game_summary', 'excluded_box_score_rows', 'backfill_ledger', 'gate_findings']) }}
{% endmacro %}

{# The copy of a model's table that a run has kept, whether or not there is one. #}
{% macro kept_copy(model_name, run_id) %}
    {% if not modules.re.fullmatch('[A-Za-z0-9_-]{1,100}', run_id | string) %}
        {{ exceptions.raise_compiler_error("'" ~ run_id ~ "' is no id of a run.") }}
    {% endif %}
    {% set table = ref(model_name) %}
    {{ return(api.Relation.create(
        database=table.database, schema=table.schema ~ '_kept', identifier=table.identifier ~ '__' ~ run_id, type='table'
    )) }}
{% endmacro %}

{#
    Keeps what the tables hold for the window, for so many days. What isn't built yet is kept as empty. How many rows each
    date had, and how many of them no minutes, is kept for good. Done again, because an answer was lost, it keeps the same.
#}
{% macro keep_range(run_id, days=30) %}
    {% set expires_at = run_timestamp(days=whole_number('days', days)) %}
    {% do ensure_schema(kept_copy('player_game_summary', run_id)) %}
    {% for model_name in replaced_models() %}
        {% do run_query(
            create_table_until(kept_copy(model_name, run_id), expires_at) ~ ' '
            ~ rows_if_built(model_name, replaced_rows(_meta_of(model_name)))
        ) %}
    {% endfor %}
    {% set baselines = ref('backfill_baselines') %}
    {% do run_query(replace_rows_sql(
        baselines, '(' ~ baselines_of(run_id) ~ ') as found', adapter.get_columns_in_relation(baselines),
        'run_id = ' ~ literal(run_id)
    )) %}
    {% do run_query(insert_event(
        run_id, 'range kept', window_start(), window_end(), kept_days=days
    )) %}
    {# Making the schema has begun a transaction where the engine has one. #}
    {% do adapter.commit() %}
{% endmacro %}

{# What changed in the summary's window since the run has kept it, as a select. Without a run every row is new. #}
{% macro changes_of_run(run_id) -%}
    {%- set kept = kept_copy('player_game_summary', run_id) if run_id -%}
    with

    summary_rows as (

        {{ rows_if_built('player_game_summary', in_window('game_date')) }}

    ),

    kept as (

        select
            game_date,
            player_lookup,
            team_abbr,
            row_hash
        from {{ kept or 'summary_rows' }}
        where {{ in_window('game_date') }}{{ ' and false' if not kept }}

    ),

    summary as (

        select
            game_date,
            player_lookup,
            team_abbr,
            row_hash
        from summary_rows

    ),

    final as (

        select
            count(case when kept.row_hash is null then 1 end) as rows_added,
            count(case when summary.row_hash is null then 1 end) as rows_removed,
            count(case when kept.row_hash != summary.row_hash then 1 end) as rows_changed
        from kept
        full outer join summary
            on
                kept.game_date = summary.game_date
                and kept.player_lookup = summary.player_lookup
                and kept.team_abbr = summary.team_abbr

    )

    select * from final
{%- endmacro %}

{#
    What a date had before, as a select, so that what it lacks later shows. Where it had lost rows already it was not ready,
    so what it was compared with then stays the baseline.
#}
{% macro baselines_of(run_id) -%}
    with

    thresholds as (

        {{ thresholds() }}

    ),

    kept as (

        select
            game_date,
            count(*) as row_count,
            count(*) - count(minutes_played) as null_minutes
        from {{ kept_copy('player_game_summary', run_id) }}
        where {{ in_window('game_date') }}
        group by game_date

    ),

    compared as (

        select
            kept.*,
            baselines.row_count as baseline_rows,
            {{ percent_of('baselines.row_count - kept.row_count', 'baselines.row_count') }}
            >= {{ threshold('row_count_deviation', 'warn_above') }} as has_lost_rows
        from kept
        left join (
            select
                game_date,
                run_id
            from {{ kept_copy('backfill_ledger', run_id) }}
            where {{ in_window('game_date') }}
        ) as ledger on kept.game_date = ledger.game_date
        left join {{ ref('backfill_baselines') }} as baselines
            on ledger.game_date = baselines.game_date and ledger.run_id = baselines.run_id

    )

    select
        {{ literal(run_id) }} as run_id,
        game_date,
        case when has_lost_rows then baseline_rows else row_count end as row_count,
        null_minutes,
        {{ run_timestamp() }} as recorded_at
    from compared
{%- endmacro %}

{#
    Puts back what the run has kept for the window, in one transaction for all tables. Raises when the window is not
    within the range that the run has kept, and when the copies are gone.
#}
{% macro roll_back(run_id, host_name=none, process_id=none) %}
    {% do _require_kept_window(run_id) %}
    {% set statements = [] %}
    {% for model_name in replaced_models() %}
        {% set copy = load_relation(kept_copy(model_name, run_id)) %}
        {% if copy is none %}
            {{ exceptions.raise_compiler_error(
                'Run ' ~ run_id ~ ' can not be rolled back: there is no ' ~ kept_copy(model_name, run_id) ~ '.'
            ) }}
        {% endif %}
        {% set columns = adapter.get_columns_in_relation(copy) %}
        {% for part in _parts_of_window() %}
            {% set replaced = '(' ~ replaced_rows(_meta_of(model_name)) ~ ') and (' ~ part ~ ')' %}
            {% do statements.append(replace_rows_sql(
                ref(model_name), copy ~ ' where ' ~ replaced, columns, replaced
            )) %}
        {% endfor %}
    {% endfor %}
    {% do statements.append(insert_event(
        run_id, 'rolled back', window_start(), window_end(), host_name=host_name, process_id=process_id
    )) %}
    {% do run_in_one_transaction(statements) %}
{% endmacro %}

{#
    Drops the copies of all but the last so many runs that came to their end, and those that were kept longer ago than so many
    days. Those that were stopped in between, and went on as the next, push nothing out.
#}
{% macro drop_kept(keep_count=5, days=30) %}
    {% set kept_runs %}
        select run_id
        from {{ ref('backfill_runs') }}
        where kept_at is not null
        qualify
            sum(case when status in ('stopped', 'failed') then 0 else 1 end) over (order by kept_at desc) > {{ whole_number('keep_count', keep_count) }}
            or kept_at < {{ run_timestamp(days=-whole_number('days', days)) }}
    {% endset %}
    {% for run in run_query(kept_runs).rows %}
        {% for model_name in replaced_models() %}
            {% do run_query('drop table if exists ' ~ kept_copy(model_name, run['run_id'])) %}
        {% endfor %}
        {% do run_query(insert_event(run['run_id'], 'copies dropped')) %}
    {% endfor %}
{% endmacro %}

{#
    The window in parts that one statement may write, as conditions: BigQuery lets one change 4,000 partitions, and ten
    years have fewer days. Rows without a date go with the first.
#}
{% macro _parts_of_window() %}
    {% set start, end = window() %}
    {% set first_year, last_year = start[:4] | int, end[:4] | int %}
    {% set parts = [] %}
    {% for year in range(first_year, last_year + 1, 10) %}
        {% do parts.append(
            "game_date between date '" ~ year ~ "-01-01' and date '" ~ (year + 9) ~ "-12-31'"
            ~ (' or game_date is null' if loop.first else '')
        ) %}
    {% endfor %}
    {{ return(parts) }}
{% endmacro %}

{% macro _meta_of(model_name) %}
    {{ return(node_of(model_name).config.meta) }}
{% endmacro %}

{% macro _require_kept_window(run_id) %}
    {% set kept %}
        select
            min(start_date) as start_date,
            max(end_date) as end_date
        from {{ ref('backfill_events') }}
        where run_id = {{ literal(run_id) }} and event_name = 'range kept'
    {% endset %}
    {% set range = run_query(kept).rows[0] %}
    {% if range['start_date'] is none %}
        {{ exceptions.raise_compiler_error('Run ' ~ run_id ~ ' can not be rolled back: it kept nothing.') }}
    {% elif window_start() < range['start_date'] | string or window_end() > range['end_date'] | string %}
        {{ exceptions.raise_compiler_error(
            'Run ' ~ run_id ~ ' kept ' ~ range['start_date'] ~ '..' ~ range['end_date'] ~ ', so '
            ~ window_start() ~ '..' ~ window_end() ~ ' can not be put back.'
        ) }}
    {% endif %}
{% endmacro %}
