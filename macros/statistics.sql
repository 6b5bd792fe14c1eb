{# The statistics of which all teams of a date together have about as many as in any season. #}
{% macro _averaged() %}
    {{ return([
        'assists', 'offensive_rebounds', 'defensive_rebounds', 'steals', 'blocks', 'turnovers', 'personal_fouls',
        'fg_attempts', 'ft_attempts',
    ]) }}
{% endmacro %}

{# The statistics of which in any season about as many players of a game have none. #}
{% macro _missed() %}
    {{ return([
        'points', 'assists', 'offensive_rebounds', 'defensive_rebounds', 'steals', 'blocks', 'turnovers', 'personal_fouls',
        'ft_attempts',
    ]) }}
{% endmacro %}

{# The statistics of which who plays longer has more. #}
{% macro _correlated() %}{{ return(counted_statistics() + ['plus_minus']) }}{% endmacro %}

{# The statistics of which none follows from another, so that in every game some have more of the one than of the other. #}
{% macro _told_apart() %}
    {{ return([
        'assists', 'offensive_rebounds', 'defensive_rebounds', 'steals', 'blocks', 'turnovers', 'personal_fouls', 'fg_makes',
        'ft_makes',
    ]) }}
{% endmacro %}

{# The statistics of which in every game some have more than others. #}
{% macro _uneven() %}
    {{ return([
        'points', 'assists', 'total_rebounds', 'defensive_rebounds', 'turnovers', 'personal_fouls', 'fg_makes', 'fg_attempts',
        'plus_minus',
    ]) }}
{% endmacro %}

{# What a player has of his own and keeps from game to game: none is made of others, nor the making of another. #}
{% macro _of_a_player() %}
    {{ return([
        'assists', 'offensive_rebounds', 'defensive_rebounds', 'steals', 'blocks', 'turnovers', 'personal_fouls',
        'fg_attempts', 'three_pt_attempts', 'ft_attempts',
    ]) }}
{% endmacro %}

{# The statistics of which who has more of them than others in as many minutes has more on most dates. #}
{% macro _consistent() %}
    {{ return(counted_statistics() | reject('in', ['total_rebounds', 'personal_fouls']) | list) }}
{% endmacro %}

{#
    Who played, with what he has of each statistic in the other games of the season, and what anybody has of it in a minute.
#}
{% macro _with_other_games(relation, statistics) -%}
    select
        *,
        {%- for statistic in statistics %}
            sum({{ statistic }}) over of_player - {{ statistic }} as other_{{ statistic }},
            1e0 * sum({{ statistic }}) over of_season
            / sum(minutes_played) over of_season as usual_{{ statistic }},
        {%- endfor %}
        sum(minutes_played) over of_player - minutes_played as other_minutes_played
    from {{ relation }}
    where is_active and minutes_played > 0
    window
        of_player as (partition by season_year, player_lookup),
        of_season as (partition by season_year)
{%- endmacro %}

{# The part of a season that a game of a team is in, by the kind of part that another relation names. #}
{% macro _part_of_season(kinds, named, relation) -%}
    {%- set month = 'cast(extract(month from ' ~ relation ~ '.game_date) as string)' -%}
    {%- set days = dbt.datediff("date '1946-11-03'", relation ~ '.game_date', 'day') -%}
    {%- set parts = {
        'season': "'all'",
        'date': 'cast(' ~ relation ~ '.game_date as string)',
        'player': relation ~ '.player_lookup',
        'team': relation ~ '.team_abbr',
        'arena': relation ~ '.home_team_abbr',
        'side': relation ~ '.side',
        'month': month,
        'weekday': 'cast(mod(' ~ days ~ ', 7) as string)',
        'team_month': relation ~ ".team_abbr || ' ' || " ~ month,
        'team_side': relation ~ ".team_abbr || ' ' || " ~ relation ~ '.side',
    } -%}
    case {{ named }}
        {%- for kind in kinds %}
        when '{{ kind }}' then {{ parts[kind] }}
        {%- endfor %}
    end
{%- endmacro %}

{# What a count adds to the log of how much likelier it is by itself than by what is expected. #}
{% macro _log_likelihood(observed, expected) -%}
    case when {{ observed }} > 0 then {{ observed }} * ln({{ observed }} / ({{ expected }})) else 0 end
{%- endmacro %}

{# How many times its average a statistic varies by chance: what comes in twos, twice. #}
{% macro _chance_in(statistic) %}{{ return({'points': 2.5, 'ft_attempts': 2}.get(statistic, 1)) }}{% endmacro %}

{# The subjects with a row per date and statistic: the metric whose thresholds each statistic has of its own, and which. #}
{% macro _of_statistics() %}
    {{ return({
        'date_averages': ('team_average', _averaged()),
        'date_statistics': ('minutes_correlation', _correlated()),
        'date_noughts': ('nought_share', _missed()),
    }) }}
{% endmacro %}

{# Of a relation with a column for each statistic the one that another relation names. #}
{% macro _by_statistic(naming, relation, statistics) -%}
    case {{ naming }}.statistic
        {%- for statistic in statistics %}
        when '{{ statistic }}' then {{ relation }}.{{ statistic }}
        {%- endfor %}
    end
{%- endmacro %}

{# Such a subject, from a relation with a row per date and a column per statistic: what was measured, and its thresholds. #}
{% macro _with_expected(subject, relation, count_name, measured, bounds) -%}
    {%- set metric, statistics = _of_statistics()[subject] -%}
    select
        {{ relation }}.game_date,
        {{ relation }}.{{ count_name }},
        expected.statistic,
        {%- for name in bounds %}
        expected.{{ name }},
        {%- endfor %}
        {{ _by_statistic('expected', relation, statistics) }} as {{ measured }}
    from {{ relation }}
    cross join ({{ _expected(metric, statistics, bounds) }}) as expected
{%- endmacro %}

{#
    The thresholds of a metric that each statistic has of its own, a row per statistic. One that is missing ends the
    query.
#}
{% macro _expected(metric, statistics, bounds) -%}
    select
        named.statistic,
        {%- for name, bound in bounds.items() %}
        coalesce(
            thresholds.{{ bound }},
            cast(
                error(concat('quality_thresholds has no {{ bound }} of the metric {{ metric }}_', named.statistic, '.'))
                as numeric
            )
        ) as {{ name }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ literal_rows('named', {'statistic': statistics}) }}
    left join thresholds on thresholds.metric = concat('{{ metric }}_', named.statistic)
{%- endmacro %}

{# What Fisher makes of a correlation, twice: so the chance in it is about as large for strong ones as for weak ones. #}
{% macro _log_odds(correlation) -%}
    {%- set bounded = 'least(greatest(' ~ correlation ~ ', -0.9999), 0.9999)' -%}
    ln((1 + {{ bounded }}) / (1 - {{ bounded }}))
{%- endmacro %}

{# How a statistic goes with minutes, or with another. NULL where one of both is the same for everybody: engines say NaN. #}
{% macro _correlation(statistic, other='minutes_played') -%}
    {%- set correlation = 'corr(' ~ statistic ~ ', ' ~ other ~ ')' -%}
    case when {{ correlation }} between -2 and 2 then {{ correlation }} end
{%- endmacro %}

{#
    How much better a statistic of two team mates, player and mate, goes with the other one's other games than with each
    one's own, as squared differences over their variance.
#}
{% macro _better_exchanged(statistic) -%}
    {%- set squared = 'power(%s.' ~ statistic ~ ' - %s.other_' ~ statistic ~ ', 2)' -%}
    {%- set variances = 'player.variance_of_' ~ statistic ~ ' + mate.variance_of_' ~ statistic -%}
    coalesce(
        2 * (
            {{ squared % ('player', 'player') }} + {{ squared % ('mate', 'mate') }}
            - {{ squared % ('player', 'mate') }} - {{ squared % ('mate', 'player') }}
        ) / nullif({{ variances }}, 0), 0
    )
{%- endmacro %}

{#
    How much better two statistics of a player go with what he is expected to have of the other one: the squared
    differences of each from its own, over its variance, less those of each from the other's.
#}
{% macro _better_in_place_of(statistic, other) -%}
    {%- set own = '(%s + %s - 2 * expected_%s) / (0.1 + %s * expected_%s)' -%}
    ({{ statistic }} - {{ other }}) * (
        {{ own % (statistic, other, statistic, _chance_in(statistic), statistic) }}
        - {{ own % (statistic, other, other, _chance_in(other), other) }}
    )
{%- endmacro %}
