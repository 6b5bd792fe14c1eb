{#
    Which two team mates have each other's numbers, on a date of the window, in a month of it or in a
    season? One row per pair and part that goes with the other one's other games, and not with his own.
#}
{%- set statistics = ['points'] + _of_a_player() -%}
{%- set kinds = ['date', 'month', 'season'] -%}
with

summary as (

    {{ rows_if_built('player_game_summary', in_seasons_of_window('game_date')) }}

),

thresholds as (

    {{ thresholds() }}

),

limits as (

    {{ _expected(
        'exchanged', kinds, {'least_minutes': 'min_value', 'most_evidence': 'max_value'}
    ) }}

),

parts as (

    select
        summary.season_year,
        limits.statistic as kind,
        case
            when not ({{ in_window('summary.game_date') }}) then 'elsewhere'
            when limits.statistic = 'date' then cast(summary.game_date as string)
            when limits.statistic = 'month'
                then cast(extract(month from summary.game_date) as string)
            else 'all'
        end as part,
        summary.team_abbr,
        summary.player_lookup,
        max(limits.least_minutes) as least_minutes,
        max(limits.most_evidence) as most_evidence,
        {%- for statistic in statistics + ['minutes_played'] %}
            1e0 * sum(summary.{{ statistic }}) as {{ statistic }},
        {%- endfor %}
        1e0 * count(*) as games
    from summary
    cross join limits
    where summary.is_active and summary.minutes_played > 0
    group by 1, 2, 3, 4, 5

),

-- A season goes with the one before and the one after, and a part of it with the rest of it.
with_others as (

    select
        *,
        {%- for statistic in ['games', 'minutes_played'] + statistics %}
            case
                when kind = 'season'
                    then sum({{ statistic }}) over of_seasons - sum({{ statistic }}) over of_season
                else sum({{ statistic }}) over of_season - {{ statistic }}
            end as other_{{ statistic }},
        {%- endfor %}
        {%- for statistic in statistics %}
            sum({{ statistic }}) over of_everybody as all_{{ statistic }},
        {%- endfor %}
        sum(minutes_played) over of_everybody as all_minutes_played
    from parts
    window
        of_season as (partition by kind, player_lookup, season_year),
        of_seasons as (
            partition by kind, player_lookup
            order by season_year range between 1 preceding and 1 following
        ),
        of_everybody as (partition by kind, season_year)

),

-- Chance, by the minutes of both, and how far a player's role changes.
rates as (

    select
        season_year,
        kind,
        part,
        team_abbr,
        player_lookup,
        most_evidence,
        {%- for statistic in statistics %}
            {{ statistic }} / minutes_played as {{ statistic }},
            other_{{ statistic }} / other_minutes_played as other_{{ statistic }},
            {{ _chance_in(statistic) }} * all_{{ statistic }} / all_minutes_played
            * (1 / minutes_played + 1 / other_minutes_played)
            + power(0.4 * all_{{ statistic }} / all_minutes_played, 2)
                as variance_of_{{ statistic }},
        {%- endfor %}
        minutes_played / games / 48 as playing_time,
        other_minutes_played / other_games / 48 as other_playing_time,
        0.03 / games + 0.03 / other_games + 0.01 as variance_of_playing_time
    from with_others
    where
        part != 'elsewhere'
        and minutes_played >= least_minutes
        -- Two months of somebody who comes from the bench.
        and other_minutes_played >= 300

),

pairs as (

    select
        player.season_year,
        player.kind,
        player.part,
        player.team_abbr,
        player.player_lookup,
        mate.player_lookup as other_player_lookup,
        player.most_evidence,
        {%- for statistic in statistics %}
            {{ _better_exchanged(statistic) }} +
        {%- endfor %}
        {{ _better_exchanged('playing_time') }} as evidence
    from rates as player
    inner join rates as mate
        on
            player.season_year = mate.season_year
            and player.kind = mate.kind
            and player.part = mate.part
            and player.team_abbr = mate.team_abbr
            and player.player_lookup < mate.player_lookup

),

final as (

    select
        season_year,
        kind,
        part,
        team_abbr,
        player_lookup,
        other_player_lookup,
        evidence
    from pairs
    where evidence > most_evidence

)

select * from final
