{#
    The window: the dates, both inclusive, that this run replaces. With the var dates only those of them that it names.
    Without either date it is the last seven days, for `dbt test` all that there is.

    Everything that depends on the window reads it from these macros inside SQL. It must never be read in a config()
    or in a test's `where`, which are rendered once when the project is parsed and stay as they are while nba-backfill
    reuses the parsed project for the next window.
#}

{% macro window_start() %}{{ return(window()[0]) }}{% endmacro %}

{% macro window_end() %}{{ return(window()[1]) }}{% endmacro %}

{# A predicate with literal dates, so that BigQuery prunes partitions by it. #}
{% macro in_window(column) -%}
    {%- set start, end = window() -%}
    {{ column }} between date '{{ start }}' and date '{{ end }}'
    {%- if var('dates') %} and {{ column }} in ({{ _dates() }}){% endif %}
{%- endmacro %}

{# The last date that the run replaces. #}
{% macro last_date_of_window() %}
    {% set dates = [] %}
    {% for text in var('dates') or [] %}{% do dates.append(_date_of_dates(text)) %}{% endfor %}
    {{ return((dates | select('le', window_end()) | sort | last) or window_end()) }}
{% endmacro %}

{# The var dates, as a list of literals. #}
{% macro _dates() -%}
    {%- for text in var('dates') -%}
        date '{{ _date_of_dates(text) }}'
        {{- ', ' if not loop.last -}}
    {%- endfor -%}
{%- endmacro %}

{% macro _date_of_dates(text) %}
    {{ return(_iso_date('a date of dates', text | string, 'Pass them as [2022-01-10, 2022-01-16].')) }}
{% endmacro %}

{#
    The same for the whole seasons that the window touches. A postponed game stands in balldontlie under its first
    date, up to months from the day on which it was played, but always in the same season.
#}
{% macro in_seasons_of_window(column) -%}
    {%- set start, end = window() -%}
    {{ column }} >= date '{{ _season_year(start) }}-{{ _season_turn() }}'
    and {{ column }} < date '{{ _season_year(end) + 1 }}-{{ _season_turn() }}'
{%- endmacro %}

{# The same for the year in which a season starts. #}
{% macro is_season_of_window(column) -%}
    {%- set start, end = window() -%}
    {{ column }} between {{ _season_year(start) }} and {{ _season_year(end) }}
{%- endmacro %}

{# True of dates whose gamebook is as today's: since 2005 it has an inactive list, and minutes to the second. #}
{% macro in_todays_gamebook(column) -%}
    {{ column }} >= date '2005-10-12'
{%- endmacro %}

{#
    All partitions, said in a way that satisfies a table that requires a filter on its partition column. Staging views
    carry it, because their text must not change with the window; what reads them adds the window. Of any year, so that a
    date on which nobody can have played is seen too.
#}
{% macro in_any_partition(column) -%}
    ({{ column }} >= date '0001-01-01' or {{ column }} is null)
{%- endmacro %}

{# Year in which the season of a date starts, as SQL. #}
{% macro season_year(column) -%}
    extract(year from {{ column }})
    - case
        when extract(month from {{ column }}) * 100 + extract(day from {{ column }}) < {{ _season_turn() | replace('-', '') }}
            then 1
        else 0
    end
{%- endmacro %}

{#
    The last date by which every source should have its games, as a literal: the gamebook of a game arrives on the next
    morning.
#}
{% macro settled_until() -%}
    date '{{ (_today() - modules.datetime.timedelta(days=2)).isoformat() }}'
{%- endmacro %}

{# Seasons turn on 12 October, the day after the latest final ever: month and day. #}
{% macro _season_turn() %}{{ return('10-12') }}{% endmacro %}

{% macro _season_year(iso_date) %}
    {{ return(iso_date[:4] | int - (1 if iso_date[5:] < _season_turn() else 0)) }}
{% endmacro %}

{#
    [start, end] as ISO strings. Raises, while the project is parsed and so before any query, when the two vars don't
    say a window. Each window of a run asks for it dozens of times, so it calls little: dbt takes longer to call a macro
    than to do what this one does.
#}
{% macro window() %}
    {% set hint = "Pass both dates, for example --vars '{start_date: 2022-01-10, end_date: 2022-01-16}'." %}
    {% set today = _today() %}
    {% set given = {} %}
    {% for name in ['start_date', 'end_date'] %}
        {% set value = var(name, none) %}
        {% if value is not none and value | string | trim != '' %}
            {% do given.update({name: _iso_date(name, value | string, hint)}) %}
        {% endif %}
    {% endfor %}
    {% if given | length == 0 and flags.WHICH == 'test' %}
        {{ return([_first_date(), today.isoformat()]) }}
    {% elif given | length == 0 %}
        {% set first, last = modules.datetime.timedelta(days=7), modules.datetime.timedelta(days=1) %}
        {{ return([(today - first).isoformat(), (today - last).isoformat()]) }}
    {% elif given | length == 1 %}
        {% set missing = 'end_date' if 'start_date' in given else 'start_date' %}
        {{ exceptions.raise_compiler_error(missing ~ ' is missing: a window needs both its first and its last date. ' ~ hint) }}
    {% elif given['end_date'] < given['start_date'] %}
        {{ exceptions.raise_compiler_error(
            'end_date ' ~ given['end_date'] ~ ' is before start_date ' ~ given['start_date'] ~ '. ' ~ hint
        ) }}
    {% elif given['end_date'] > today.isoformat() %}
        {{ exceptions.raise_compiler_error(
            'end_date ' ~ given['end_date'] ~ ' is in the future: today is ' ~ today.isoformat() ~ ' in New York. '
            ~ 'Games that are not played have no box score.'
        ) }}
    {% endif %}
    {{ return([given['start_date'], given['end_date']]) }}
{% endmacro %}

{# True for a date that can be none of a game's: there is none, or nobody had played yet. #}
{% macro is_no_game_date(column) -%}
    ({{ column }} is null or {{ column }} < date '{{ _first_date() }}')
{%- endmacro %}

{# Before it nobody played: the date of the first game ever. #}
{% macro _first_date() %}{{ return('1946-11-01') }}{% endmacro %}

{# The day in New York, whose dates the NBA's games carry. #}
{% macro _today() %}
    {{ return(modules.datetime.datetime.now(modules.pytz.timezone('America/New_York')).date()) }}
{% endmacro %}

{% macro _iso_date(name, text, hint) %}
    {% if modules.re.fullmatch('[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])', text) and text >= '1946' %}
        {# The 30th of February comes out as another date. #}
        {% set first_of_month = modules.datetime.date(text[:4] | int, text[5:7] | int, 1) %}
        {% if (first_of_month + modules.datetime.timedelta(days=text[8:] | int - 1)).isoformat() == text %}
            {{ return(text) }}
        {% endif %}
    {% endif %}
    {{ exceptions.raise_compiler_error(name ~ ' ' ~ "'" ~ text ~ "'" ~ ' is not a date. ' ~ hint) }}
{% endmacro %}

{# When this invocation of dbt started, or so much later, as a literal. UTC. #}
{% macro run_timestamp(days=0, minutes=0) -%}
    {%- set moment = run_started_at + modules.datetime.timedelta(days=days, minutes=minutes) -%}
    cast('{{ moment.astimezone(modules.pytz.utc).strftime("%Y-%m-%d %H:%M:%S.%f") }}' as timestamp)
{%- endmacro %}
