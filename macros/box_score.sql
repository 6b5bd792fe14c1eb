{# The counted statistics that both sources have, in the summary's names. #}
{% macro counted_statistics() %}
    {{ return([
        'points', 'assists', 'total_rebounds', 'offensive_rebounds', 'defensive_rebounds', 'steals', 'blocks',
        'turnovers', 'personal_fouls', 'fg_makes', 'fg_attempts', 'three_pt_makes', 'three_pt_attempts',
        'ft_makes', 'ft_attempts',
    ]) }}
{% endmacro %}

{#
    Minutes played, numeric with two decimals, from any spelling the sources use: MM:SS, M:SS, 0:MM:SS, whole, decimal,
    PT34M12.00S as in ISO 8601, with leading zeros or blanks around. No minutes ('', '-', NULL) and what can't be read are
    NULL; minutes_unparseable tells the two apart.
#}
{% macro minutes_played(text) -%}
    {%- set trimmed = 'trim(' ~ text ~ ')' -%}
    cast(
        case
            when {{ matches(trimmed, '[0-9]{1,3}([.]0{1,9})?:[0-5][0-9]([.]0{1,9})?') }}
                then {{ _clock(
                    dbt.split_part(dbt.split_part(trimmed, "':'", 1), "'.'", 1),
                    'substr(' ~ dbt.split_part(trimmed, "':'", 2) ~ ', 1, 2)'
                ) }}
            when {{ matches(trimmed, '[0-9]{1,3}([.][0-9]{1,6})?') }}
                then round(cast({{ trimmed }} as numeric(12, 6)), 2)
            when {{ matches(trimmed, '0{1,2}:[0-5][0-9]:[0-5][0-9]') }}
                then {{ _clock(dbt.split_part(trimmed, "':'", 2), dbt.split_part(trimmed, "':'", 3)) }}
            when {{ matches(trimmed, 'PT[0-9]{1,3}M[0-5][0-9]([.]0{1,9})?S') }}
                then {{ _clock(
                    'substr(' ~ dbt.split_part(trimmed, "'M'", 1) ~ ', 3)',
                    'substr(' ~ dbt.split_part(trimmed, "'M'", 2) ~ ', 1, 2)'
                ) }}
        end as numeric(5, 2)
    )
{%- endmacro %}

{% macro _clock(minutes, seconds) -%}
    round((cast({{ minutes }} as int64) * 60 + cast({{ seconds }} as int64)) / 60.0, 2)
{%- endmacro %}

{# A count, which a loader may keep as a decimal where some are missing. What is no number, as a NaN, is none. #}
{% macro count_of(column) -%}
    cast(case when {{ column }} - {{ column }} = 0 then {{ column }} end as int64)
{%- endmacro %}

{# True where a source says minutes that minutes_played can't read. #}
{% macro minutes_unparseable(text) -%}
    (trim({{ text }}) not in ('', '-') and {{ minutes_played(text) }} is null)
{%- endmacro %}

{#
    What a raw row says twice and differently, as text, NULL where it agrees with itself: minutes beside their decimal
    spelling, makes and attempts beside the share of them, rounded or cut to two decimals, and the date beside the codes of
    the game; and that a count is no whole number. counts are its columns. shares has (name, share, makes, attempts); a share
    is of 1, or of 100. dated has the columns that begin with
    the date. has_teams_in_id says whether the game's id has the teams, away and home, in the right order. others has
    (name, condition) of its own.
#}
{% macro self_contradictions(counts, shares, dated, minutes=none, minutes_decimal=none, has_teams_in_id=false, others=[]) -%}
    {%- set contradictions = [] + others -%}
    {%- set fractions = [] -%}
    {%- for count in counts -%}
        {%- do fractions.append(count ~ ' - floor(' ~ count ~ ') between 0.001 and 0.999') -%}
    {%- endfor -%}
    {%- do contradictions.append(('a fraction', fractions | join(' or '))) -%}
    {%- if minutes_decimal -%}
        {%- do contradictions.append(('minutes', 'abs(' ~ minutes ~ ' - ' ~ minutes_decimal ~ ') > 1')) -%}
    {%- endif -%}
    {%- for name, share, makes, attempts in shares -%}
        {%- set share_of_one = 'case when ' ~ share ~ ' > 1 then ' ~ share ~ ' / 100 else ' ~ share ~ ' end' -%}
        {%- do contradictions.append((
            name,
            'abs(' ~ share_of_one ~ ' * ' ~ attempts ~ ' - ' ~ makes ~ ') > 0.011 * ' ~ attempts
            ~ ' or (' ~ share ~ ' > 0 and coalesce(' ~ attempts ~ ', 0) = 0)'
        )) -%}
    {%- endfor -%}
    {%- set other_dates = [] -%}
    {%- for code in dated -%}{%- do other_dates.append(_begins_with_another_date(code, date_of('game_date'))) -%}{%- endfor -%}
    {%- do contradictions.extend([
        ('date', other_dates | join(' or ')), ('season', 'season_year != ' ~ season_year(date_of('game_date'))),
    ]) -%}
    {%- if has_teams_in_id -%}
        {%- do contradictions.append((
            'home and away',
            dbt.split_part('game_id', "'_'", 2) ~ ' = upper(trim(home_team_abbr)) and '
            ~ dbt.split_part('game_id', "'_'", 3) ~ ' = upper(trim(away_team_abbr))'
        )) -%}
    {%- endif -%}
    {{ names_of(contradictions) }}
{%- endmacro %}

{#
    True where a code begins with a date, YYYYMMDD, that is another one of the same season. Codes of other kinds begin with
    none; and where a season's codes are of another year, the season is a copy of that, and none of its games was moved.
#}
{% macro _begins_with_another_date(code, date_column) -%}
    {%- set said = 'substr(' ~ code ~ ", 1, 4) || '-' || substr(" ~ code ~ ", 5, 2) || '-' || substr(" ~ code ~ ', 7, 2)' -%}
    (
        {{ said }} != cast({{ date_column }} as string)
        and {{ season_year(date_or_null(said)) }} = {{ season_year(date_column) }}
    )
{%- endmacro %}

{#
    True where a name and the lookup that a source made of it are those of different people: they have neither their first
    letter in common, which a nickname has, nor their last one, and accents are seldom on both.
#}
{% macro names_differ(lookup, name) -%}
    {%- set spelled, named = 'lower(trim(' ~ lookup ~ '))', 'lower(trim(' ~ name ~ '))' -%}
    substr({{ spelled }}, 1, 1) != substr({{ named }}, 1, 1)
    and substr({{ spelled }}, -1) != substr(rtrim({{ named }}, '. '), -1)
    and {{ spelled }} not in ({{ _no_names() }}, '') and {{ named }} not in ({{ _no_names() }}, '')
{%- endmacro %}

{# The names, of (name, condition), whose conditions hold, as text; NULL where none does. #}
{% macro names_of(conditions) -%}
    nullif(
        substr(
            concat(
                {%- for name, condition in conditions %}
                case when {{ condition }} then ', {{ name }}' else '' end{{ ',' if not loop.last }}
                {%- endfor %}
            ), 3
        ), ''
    )
{%- endmacro %}

{# Whether names_of() has the name among the names of a column. #}
{% macro is_named(column, name) -%}
    concat(', ', {{ column }}, ',') like '%, {{ name }},%'
{%- endmacro %}

{# A name as player_lookup spells it: lower case, without accents, blanks and punctuation. NULL when nothing is left. #}
{% macro player_lookup(name) -%}
    case
        when lower(trim({{ name }})) not in ({{ _no_names() }})
            then nullif({{ without('lower(' ~ without_accents(name) ~ ')', '[^a-z0-9]') }}, '')
    end
{%- endmacro %}

{# What a processor writes that had no name, as literals. #}
{% macro _no_names() %}{{ return("'nan', 'null', 'none'") }}{% endmacro %}

{# A player_lookup without its generational suffix. #}
{% macro without_suffix(lookup) -%}
    {{ without(lookup, '(jr|sr|iii|ii|iv)$') }}
{%- endmacro %}

{#
    The ratio of two integer expressions, numeric with four decimals, rounded half up; NULL where the divisor is not
    positive, and where it is a hundred or more, as no ratio of a box score is. In whole numbers, because floating point
    rounds differently from engine to engine.
#}
{% macro ratio(dividend, divisor) -%}
    {%- set rounded = integer_quotient('2 * 10000 * (' ~ dividend ~ ') + (' ~ divisor ~ ')', '2 * (' ~ divisor ~ ')') -%}
    case
        when ({{ divisor }}) <= 0 then null
        when {{ rounded }} between -999999 and 999999 then cast({{ rounded }} / 10000.0 as numeric(6, 4))
    end
{%- endmacro %}

{# Shots of a player, in hundredths: field goals attempted and 0.44 of the free throws attempted. #}
{% macro shooting_possessions(prefix='') -%}
    100 * {{ prefix }}fg_attempts + 44 * {{ prefix }}ft_attempts
{%- endmacro %}

{# How many of the counted statistics are above zero: what a line of a box score says. #}
{% macro statistics_above_zero() -%}
    {%- for column in counted_statistics() -%}
        case when {{ column }} > 0 then 1 else 0 end{{ ' + ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}

{# The counted statistics as text: two sources that say the same of a player in a game have the same line. #}
{% macro box_score_line() -%}
    concat(
        {%- for column in counted_statistics() -%}
            coalesce(cast({{ column }} as string), '0'){{ ", '-', " if not loop.last }}
        {%- endfor -%}
    )
{%- endmacro %}

{#
    Whether lines that are equal in so many statistics above zero, in all, are of the same players and not so by chance:
    two ordinary lines, or a rich one. Of 450,000 pairs of team mates in a game none had equal lines with six or more.
#}
{% macro is_beyond_chance(equal_statistics) -%}
    ({{ equal_statistics }} >= 10)
{%- endmacro %}

{# The overtimes of a game that is as long as a team's minutes. Count. #}
{% macro overtimes(team_minutes) -%}
    greatest(round(({{ team_minutes }} - 240) / 25), 0)
{%- endmacro %}

{# Minutes by which a team's minutes in a game differ from 240 and 25 for each overtime. #}
{% macro team_minutes_gap(team_minutes) -%}
    abs({{ team_minutes }} - 240 - 25 * {{ overtimes(team_minutes) }})
{%- endmacro %}

{#
    MD5 over the named columns, the same on every engine. Types that engines print differently are given as
    {column: how to print it}; NULL and the empty string stay apart.
#}
{% macro hash_of(columns, printed={}) -%}
    {%- set parts = [] -%}
    {%- for column in columns -%}
        {%- do parts.append("coalesce(" ~ printed.get(column, 'cast(' ~ column ~ ' as string)') ~ ", '~')") -%}
    {%- endfor -%}
    {{ md5_hex("concat(" ~ parts | join(", '|', ") ~ ")") }}
{%- endmacro %}

{# A numeric column as text, in units of its last decimal: engines disagree on trailing zeros. #}
{% macro print_numeric(column, decimals) -%}
    cast(cast(round({{ column }} * {{ 10 ** decimals }}) as int64) as string)
{%- endmacro %}

{# Kind of reason for not playing, from the gamebook's words. NULL for someone who played. #}
{% macro dnp_reason_category(player_status, dnp_reason) -%}
    case
        when {{ player_status }} = 'active' then null
        {%- for patterns, category in [
            (['%suspen%'], 'suspension'),
            (['%not with team%', '%nwt%'], 'not_with_team'),
            (['%health and safety%'], 'health_and_safety'),
            (['%injur%', '%illness%', '%sprain%', '%strain%', '%sore%', '%surgery%'], 'injury_or_illness'),
            (['rest', '% rest', '% rest %'], 'rest'),
            (['%personal%'], 'personal'),
            (['%coach%'], 'coach_decision'),
            (['%not dress%'], 'did_not_dress'),
            (['%not play%'], 'did_not_play'),
            (['%inactive%'], 'inactive'),
        ] %}
        when
            {%- for pattern in patterns %}
            {{ 'or ' if not loop.first }}lower({{ dnp_reason }}) like '{{ pattern }}'
            {%- endfor %}
            then '{{ category }}'
        {%- endfor %}
        when {{ dnp_reason }} is null and {{ player_status }} = 'inactive' then 'inactive'
        when {{ dnp_reason }} is null then 'not_stated'
        else 'other'
    end
{%- endmacro %}
