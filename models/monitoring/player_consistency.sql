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

played as (

    select * from summary
    where is_active and minutes_played > 0

),

totals_of_players as (

    select
        season_year,
        player_lookup,
        {%- for statistic in statistics %}
            sum({{ statistic }}) as {{ statistic }},
        {%- endfor %}
        sum(minutes_played) as minutes_played
    from played
    group by 1, 2

),

rates_of_seasons as (

    select
        {%- for statistic in statistics %}
            1e0 * sum({{ statistic }}) / sum(minutes_played) as {{ statistic }},
        {%- endfor %}
        season_year
    from totals_of_players
    group by {{ statistics | length + 1 }}

),

-- What a player has more of than anybody in as many minutes, on this date, and by his other dates.
-- Those are too few at first, so as many minutes of anybody stand beside them.
compared as (

    select
        {%- for statistic in statistics %}
            played.{{ statistic }}
            - played.minutes_played * rates.{{ statistic }} as {{ statistic }},
            played.minutes_played * (
                (
                    totals.{{ statistic }} - played.{{ statistic }}
                    + limits.minutes_of_consistency_min * rates.{{ statistic }}
                )
                / (
                    totals.minutes_played - played.minutes_played
                    + limits.minutes_of_consistency_min
                )
                - rates.{{ statistic }}
            ) as expected_{{ statistic }},
        {%- endfor %}
        played.game_date,
        played.season_year
    from played
    inner join totals_of_players as totals
        on
            played.season_year = totals.season_year
            and played.player_lookup = totals.player_lookup
    inner join rates_of_seasons as rates on played.season_year = rates.season_year
    cross join limits
    where
        {{ in_window('played.game_date') }}
        and totals.minutes_played - played.minutes_played >= limits.minutes_of_consistency_min

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
        count(*) as row_count
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
    cross join limits
    cross join bounds
    where correlations.row_count >= limits.rows_of_consistency_min

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
