{#
    Which number of a statistic stands far more or less often in a part of a season than both numbers
    beside it let expect? One row per part, statistic and number.
#}
{%- set statistics = counted_statistics() | reject('equalto', 'points') | list -%}
{#- Half of a season's rows, or a seventh of them, show in all of them. -#}
{%- set kinds = ['season', 'team', 'arena', 'month', 'team_month', 'date'] -%}
{#- The square of how often a number stands, against how often both others do, multiplied. -#}
{%- set least, most = 0.7, 2 -%}
with

summary as (

    {{ rows_if_built('player_game_summary', in_window('game_date')) }}

),

thresholds as (

    {{ thresholds() }}

),

-- Free throws come in twos.
numbers as (

    select
        summary.season_year,
        summary.game_date,
        summary.team_abbr,
        case
            when summary.is_home then summary.team_abbr else summary.opponent_team_abbr
        end as home_team_abbr,
        named.statistic,
        named.step,
        {{ _by_statistic('named', 'summary', statistics) }} as observed_value,
        count(*) as row_count
    from summary
    cross join {{ literal_rows('named', {
        'statistic': statistics,
        'step': [1] * (statistics | length - 2) + [2] * 2,
    }) }}
    where summary.is_active
    group by 1, 2, 3, 4, 5, 6, 7

),

bounds as (

    {{ _expected('misread', kinds, {'tolerance': 'max_value'}) }}

),

frequencies as (

    select
        numbers.season_year,
        bounds.statistic as kind,
        {{ _part_of_season(kinds, 'bounds.statistic', 'numbers') }} as part,
        numbers.statistic,
        numbers.step,
        numbers.observed_value,
        bounds.tolerance,
        sum(numbers.row_count) as row_count
    from numbers
    cross join bounds
    group by 1, 2, 3, 4, 5, 6, 7

),

-- Each counts for itself, and as the one below and above of two others.
neighbours as (

    select
        frequencies.season_year,
        frequencies.kind,
        frequencies.part,
        frequencies.statistic,
        frequencies.tolerance,
        frequencies.observed_value + named.shift * frequencies.step as observed_value,
        sum(case when named.shift = 0 then frequencies.row_count else 0 end) as row_count,
        sum(case when named.shift = 1 then frequencies.row_count else 0 end) as rows_below,
        sum(case when named.shift = -1 then frequencies.row_count else 0 end) as rows_above
    from frequencies
    cross join {{ literal_rows('named', {'shift': [-1, 0, 1]}) }}
    where
        frequencies.observed_value + named.shift * frequencies.step >= frequencies.step
    group by 1, 2, 3, 4, 5, 6

),

judged as (

    select
        *,
        case
            when power(1e0 * row_count, 2) > {{ most }} * rows_below * rows_above then {{ most }}
            when power(1e0 * row_count, 2) < {{ least }} * rows_below * rows_above then {{ least }}
        end as ratio
    from neighbours
    where
        -- With the sixth foul a player is out, and some hardly ever try a three, as all did once.
        not (statistic = 'personal_fouls' and observed_value = 6)
        and not (statistic in ('three_pt_makes', 'three_pt_attempts') and observed_value = 1)

),

-- How many rows the likeliest frequencies within the limits have moved to either side, which
-- (row_count - 2 * moved)^2 = ratio * (rows_below + moved) * (rows_above + moved) gives.
with_moved as (

    select
        *,
        (
            4e0 * row_count + ratio * (rows_below + rows_above)
            - sqrt(
                power(4e0 * row_count + ratio * (rows_below + rows_above), 2)
                - 4 * (4 - ratio)
                * (power(1e0 * row_count, 2) - 1e0 * ratio * rows_below * rows_above)
            )
        ) / (2 * (4 - ratio)) as moved
    from judged
    where ratio is not null

),

-- The root of twice the log of how much likelier the rows are by themselves.
deviations as (

    select
        *,
        sqrt(
            greatest(
                2 * (
                    {{ _log_likelihood('row_count', 'row_count - 2 * moved') }}
                    + {{ _log_likelihood('rows_below', 'rows_below + moved') }}
                    + {{ _log_likelihood('rows_above', 'rows_above + moved') }}
                ), 0
            )
        ) as deviation
    from with_moved

),

final as (

    select
        season_year,
        kind,
        part,
        statistic,
        observed_value,
        row_count,
        rows_below,
        rows_above,
        deviation
    from deviations
    where deviation > tolerance

)

select * from final
