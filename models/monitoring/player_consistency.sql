{#
    Do the players do on a date what they do on the other dates of their season? One row per date of
    the window and statistic, and one per month, season and statistic of all of its dates in the window.
#}
{%- set statistics = _consistent() -%}
{#- Of fewer players a correlation tells nothing. -#}
{%- set least_rows = 60 -%}
with

summary as (

    {{ rows_if_built('player_game_summary', in_seasons_of_window('game_date')) }}

),

thresholds as (

    {{ thresholds() }}

),

with_totals as (

    {{ _with_other_games('summary', statistics) }}

),

-- What a player has more of than anybody in as many minutes, on this date, and by his other dates.
-- Two hundred minutes of anybody stand beside them. Of who has not played as many himself nobody
-- knows yet.
compared as (

    select
        {%- for statistic in statistics %}
            {{ statistic }} - minutes_played * usual_{{ statistic }} as {{ statistic }},
            minutes_played * (
                (other_{{ statistic }} + 200 * usual_{{ statistic }}) / (other_minutes_played + 200)
                - usual_{{ statistic }}
            ) as expected_{{ statistic }},
        {%- endfor %}
        game_date,
        season_year
    from with_totals
    where {{ in_window('game_date') }} and other_minutes_played >= 200

),

correlations as (

    select
        {%- for statistic in statistics %}
            {{ _correlation(
                'compared.' ~ statistic, 'compared.expected_' ~ statistic
            ) }} as {{ statistic }},
        {%- endfor %}
        case named.kind
            when 'date' then cast(compared.game_date as string)
            when 'season' then cast(compared.season_year as string)
            else
                cast(compared.season_year as string) || ' month '
                || cast(extract(month from compared.game_date) as string)
        end as scope,
        count(*) as row_count
    from compared
    cross join {{ literal_rows('named', {'kind': ['date', 'month', 'season']}) }}
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
    where correlations.row_count >= {{ least_rows }}

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
