{#
    The gate between a window's tables and the tables that are kept: what is published is what this invocation has built
    for this window, but for the dates that gate_findings holds back.
#}

{# Who has built a window's table, and for which window, as a select. #}
{% macro this_build() -%}
    {%- set start, end = window() -%}
    select
        {{ quoted(invocation_id) }} as built_by,
        date '{{ start }}' as built_from,
        date '{{ end }}' as built_through
{%- endmacro %}

{#
    True for the rows of a window's table. Ends the query where an invocation has built the table that should not have,
    or for other dates: whatever was selected, nothing is made of another window's rows. The row that stands for the build
    is none of them, but asked all the same: a condition that it does not meet would let the engine skip it before.
#}
{% macro of_this_build(table_name) -%}
    {%- set inside = in_window('game_date') -%}
    {# Of all rows of a run an engine reads those of these dates, and the one that stands for the build. #}
    (game_date is null or {{ inside }}) and {{ ' ' }}
    {#- Rows without a date belong to no window: one of a run's has them. #}
    {{- _if_of_this_build(
        table_name, '(' ~ ('game_date is null or ' if var('with_undated_rows')) ~ inside ~ ')'
    ) -}}
{%- endmacro %}

{% macro _if_of_this_build(table_name, condition) -%}
    {%- set builder = var('rows_built_by') if not table_name.startswith('int_player_game_summary_window') -%}
    {%- set start, end = window() -%}
    case
        when
            built_by = {{ quoted(builder or invocation_id) }}
            and built_from <= date '{{ start }}'
            and built_through >= date '{{ end }}'
            then is_a_row and {{ condition }}
        else error(
            concat(
                '{{ table_name }} holds the rows of ', cast(built_from as string), '..',
                cast(built_through as string), ', built by another invocation of dbt. '
                || 'Build it together with what is made of it: dbt build --select +player_game_summary+'
            )
        )
    end
{%- endmacro %}

{# The rows of a window's table, as a select. #}
{% macro window_rows(table) -%}
    select * from {{ table }}
    where {{ of_this_build(table.identifier) }}
{%- endmacro %}

{#
    What the sources say of the window, as a select: now, or as a run has read them before its windows, so that what it
    asks and what it builds are the same rows, and are made once.
#}
{% macro player_rows() -%}
    {%- if _is_written_down('int_player_rows_window') or not execute -%}
        {{ window_rows(ref('int_player_rows_window')) }}
    {%- endif -%}
    {%- if not _is_written_down('int_player_rows_window') -%}
        select * from {{ ref('int_player_rows') }}
    {%- endif -%}
{%- endmacro %}

{#
    What an intermediate model says of the window's seasons, as a select: now, or as its table has it that was written
    down on the way to int_player_rows_window. BigQuery does a query once for each time that it is named, and refuses one
    that comes to too many.
#}
{% macro written_down(model_name) -%}
    {%- set table_name = model_name ~ '_window' -%}
    {%- if _is_written_down(table_name) or not execute -%}
        select * from {{ ref(table_name) }}
        where {{ _if_of_this_build(table_name, 'true') }}
    {%- endif -%}
    {%- if not _is_written_down(table_name) -%}
        select * from {{ ref(model_name) }}
    {%- endif -%}
{%- endmacro %}

{# Whether a run has made the table, or this invocation does. A unit test has rows of its own in the place of both. #}
{% macro _is_written_down(table_name) %}
    {{ return(
        var('rows_built_by')
        or (
            'model.' ~ project_name ~ '.' ~ table_name in selected_resources
            and model.resource_type | string != 'unit_test'
        )
    ) }}
{% endmacro %}

{#
    The rows of a relation, of which a column that is never NULL is named, with who has built them, and one more that
    stands for the build alone, whatever rows there are. And what else is to be said of the build, texts by their names.
#}
{% macro rows_with_builder(relation, never_null, also={}) -%}
    select
        this_build.*,
        {%- for name, text in also.items() %}
        {{ quoted(text) }} as {{ name }},
        {%- endfor %}
        found.{{ never_null }} is not null as is_a_row,
        found.*
    from {{ relation }} as found
    full outer join (select cast(null as string) as nobody) as stand_in on found.{{ never_null }} = stand_in.nobody
    cross join ({{ this_build() }}) as this_build
{%- endmacro %}

{# Those of them that may be published. #}
{% macro publishable_rows(table) -%}
    select window_rows.*
    from ({{ window_rows(table) }}) as window_rows
    left join ({{ held_back_dates() }}) as held_back on window_rows.game_date = held_back.game_date
    where held_back.game_date is null
{%- endmacro %}

{# The dates of the window that are held back, as a select. #}
{% macro held_back_dates() -%}
    select game_date
    from {{ ref('gate_findings') }}
    where {{ in_window('game_date') }} and severity = 'error'
    group by game_date
{%- endmacro %}

{#
    What the summary holds of the window and is about to be replaced, as a select. By its name and not by ref: it is what
    an earlier run has published, and this one publishes after the gate.
#}
{% macro published_rows() -%}
    {%- set summary = adapter.get_relation(this.database, this.schema, 'player_game_summary') if execute -%}
    {%- if summary -%}
        select game_date, game_id, team_abbr from {{ summary }}
        where {{ in_window('game_date') }}
    {%- else -%}
        select cast(null as date) as game_date, cast(null as string) as game_id, cast(null as string) as team_abbr
        limit 0
    {%- endif -%}
{%- endmacro %}

{# Why each date is held back, by the errors of gate_findings, as a select: its first one, and how many more there are. #}
{% macro held_back_reasons(errors) -%}
    select
        game_date,
        max(processed_at) as processed_at,
        min(case when error_number = 1 then said end) || case
            when count(*) > 1 then ' (and ' || cast(count(*) - 1 as string) || ' more)' else ''
        end as reason
    from (
        select
            game_date,
            processed_at,
            {{ finding_said() }} as said,
            row_number() over (
                partition by game_date
                -- Engines disagree on where a NULL comes.
                order by
                    rule_number, coalesce(game_id, ''), coalesce(team_abbr, ''), coalesce(player_lookup, ''), example
            ) as error_number
        from {{ errors }}
    ) as numbered_errors
    group by game_date
{%- endmacro %}

{# What a finding says to people: the rule, where it is broken, and the values that show it. #}
{% macro finding_said() -%}
    sentence || ' ' || coalesce(player_lookup || ' of ', '') || coalesce(team_abbr || ' in ', '')
    || coalesce(game_id, cast(game_date as string)) || coalesce(': ' || example, '') || '.'
{%- endmacro %}

{#
    Ends an invocation that has held a window to the rules. People are told which dates are held back and what else was
    found; nba-backfill, which listens to dbt's events, also what the summary now holds of each date.
#}
{% macro tell_findings() %}
    {# Said outside of any condition, for dbt to see what the hook reads. #}
    {% set summary, findings = ref('player_game_summary'), ref('gate_findings') %}
    {% set ended = _ended(results) if execute %}
    {% if execute and (ended.gate_findings == 'success' or ended.assert_no_date_is_held_back == 'fail') %}
        {% set told = {'days': [], 'held_back': [], 'findings': []} %}
        {% if ended.player_game_summary == 'success' %}
            {% do told.update({'days': _rows_of(daily_figures(
                'select * from ' ~ summary ~ ' where ' ~ in_window('game_date')
            ))}) %}
        {% endif %}
        {% do told.update({'findings': _rows_of(_counted_findings())}) %}
        {% if told.findings | selectattr('severity', 'equalto', 'error') | list %}
            {% set errors = findings ~ ' where ' ~ in_window('game_date') ~ " and severity = 'error'" %}
            {% do told.update({'held_back': _rows_of(held_back_reasons(errors) ~ ' order by game_date')}) %}
        {% endif %}
        {{ log('findings of the window: ' ~ tojson(told)) }}
        {% for day in told.held_back %}
            {{ log(_printable('held back ' ~ day.game_date ~ ': ' ~ day.reason), info=true) }}
        {% endfor %}
        {% for finding in told.findings if finding.severity == 'warning' %}
            {{ log(_printable('warning ' ~ finding.rule ~ ', ' ~ finding.findings ~ ' times: ' ~ finding.example), info=true) }}
        {% endfor %}
    {% endif %}
{% endmacro %}

{# The text without what a terminal would obey. #}
{% macro _printable(text) %}{{ return(modules.re.sub('[\\x00-\\x1f\\x7f-\\x9f]', '?', text)) }}{% endmacro %}

{# What broke each rule how often, and the first example. #}
{% macro _counted_findings() -%}
    select
        rule,
        severity,
        count(*) as findings,
        count(distinct game_date) as dates,
        min(cast(game_date as string) || ': ' || {{ finding_said() }}) as example
    from {{ ref('gate_findings') }}
    where {{ in_window('game_date') }}
    group by rule, severity
    order by severity, min(rule_number)
{%- endmacro %}

{# How each node of the invocation has ended, by its name. #}
{% macro _ended(results) %}
    {% set ended = {} %}
    {% for result in results %}
        {% do ended.update({result.node.name: result.status | string}) %}
    {% endfor %}
    {{ return(ended) }}
{% endmacro %}

{# The rows of a query, as text and whole numbers. #}
{% macro _rows_of(query) %}
    {% set found = [] %}
    {% for row in run_query(query).rows %}
        {% set values = {} %}
        {% for name, value in row.dict().items() %}
            {% do values.update({name: value if value is none or value is integer else value | string}) %}
        {% endfor %}
        {% do found.append(values) %}
    {% endfor %}
    {{ return(found) }}
{% endmacro %}
