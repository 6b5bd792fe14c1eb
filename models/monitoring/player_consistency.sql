{#
    Do the players do on a date what they do on the other dates of their season? One row per date of
    the window and statistic, and one per season and statistic of all of its dates in the window.
#}
{%- set statistics = _consistent() -%}
with

summary as (

    {{ rows_if_built('player_game_summary', in_seasons_of_window('game_date')) }}

),

thresholds as (

    {{ thresholds() }}

),

limits as (

    {{ _limits('limits.minutes_of_consistency_min, limits.rows_of_consistency_min') }}

),

with_totals as (

    {{ _with_other_games('summary', statistics) }}

),

-- What a player has more of than anybody in as many minutes, on this date, and by his other dates.
-- Those are too few at first, so as many minutes of anybody stand beside them.
compared as (

    select
        {%- for statistic in statistics %}
            with_totals.{{ statistic }}
            - with_totals.minutes_played * with_totals.usual_{{ statistic }} as {{ statistic }},
            with_totals.minutes_played * (
                (
                    with_totals.other_{{ statistic }}
                    + limits.minutes_of_consistency_min * with_totals.usual_{{ statistic }}
                )
                / (with_totals.other_minutes_played + limits.minutes_of_consistency_min)
                - with_totals.usual_{{ statistic }}
            ) as expected_{{ statistic }},
        {%- endfor %}
        with_totals.game_date,
        with_totals.season_year,
        limits.rows_of_consistency_min
    from with_totals
    cross join limits
    where
        {{ in_window('with_totals.game_date') }}
        and with_totals.other_minutes_played >= limits.minutes_of_consistency_min

),

correlations as (

    select
        {%- for statistic in statistics %}
            {{ _correlation(
                'compared.' ~ statistic, 'compared.expected_' ~ statistic
            ) }} as {{ statistic }},
        {%- endfor %}
        case
            when named.kind = 'date' then cast(compared.game_date as string)
            else cast(compared.season_year as string)
        end as scope,
        count(*) as row_count,
        max(compared.rows_of_consistency_min) as least_rows
    from compared
    cross join {{ literal_rows('named', {'kind': ['date', 'season']}) }}
    group by {{ statistics | length + 1 }}

),

bounds as (

    {{ _expected('consistency', statistics, {
        'lowest': 'min_value', 'margin': 'max_value', 'highest': 'error_above'
    }) }}

),

by_statistic as (

    select
        correlations.scope,
        correlations.row_count,
        bounds.statistic,
        bounds.lowest,
        bounds.margin,
        bounds.highest,
        {{ _by_statistic('bounds', 'correlations', statistics) }} as agreement
    from correlations
    cross join bounds
    where correlations.row_count >= correlations.least_rows

),

final as (

    select
        scope,
        statistic,
        row_count,
        agreement,
        -- Engines disagree on the greatest of NULL and a number.
        case
            when agreement is not null
                then
                    {{ _log_odds('agreement') }}
                    not between
                    {{ _log_odds('lowest') }} - 2 * margin / sqrt(greatest(row_count - 3, 1))
                    and {{ _log_odds('highest') }} + 2 * margin / sqrt(greatest(row_count - 3, 1))
        end as is_inconsistent
    from by_statistic

)

select * from final
