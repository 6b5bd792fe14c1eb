{#
    Are a season's statistics as they should be in each part of it? Teams have more of the one or less
    of the other, but not twice as much; and hardly any less at home, in a month or on a day of the
    week. One row per season of the window, part and statistic.
#}
{%- set kinds = ['team', 'arena', 'side', 'month', 'weekday', 'team_month', 'team_side'] -%}
{#- Of threes, when they were new, some teams had three times as many as others. -#}
{%- set summed = _averaged() + ['points', 'fg_makes', 'ft_makes'] -%}
{%- set statistics = summed + [
    'missed_field_goals', 'missed_threes', 'missed_free_throws', 'dnp_players', 'inactive_players',
] -%}
with

summary as (

    {{ rows_if_built('player_game_summary', in_window('game_date')) }}

),

thresholds as (

    {{ thresholds() }}

),

team_games as (

    select
        season_year,
        game_date,
        team_abbr,
        case when is_home then team_abbr else opponent_team_abbr end as home_team_abbr,
        case when is_home then 'home' else 'away' end as side,
        {%- for statistic in summed %}
            sum({{ statistic }}) as {{ statistic }},
        {%- endfor %}
        sum(fg_attempts - fg_makes) as missed_field_goals,
        sum(three_pt_attempts - three_pt_makes) as missed_threes,
        sum(ft_attempts - ft_makes) as missed_free_throws,
        count(case when player_status = 'dnp' then 1 end) as dnp_players,
        count(case when player_status = 'inactive' then 1 end) as inactive_players
    from summary
    group by 1, 2, 3, 4, 5

),

bounds as (

    {{ _expected('uneven', kinds, {'least_games': 'min_value', 'tolerance': 'max_value'}) }}

),

parts as (

    select
        team_games.season_year,
        bounds.statistic as kind,
        {{ _part_of_season(kinds, 'bounds.statistic', 'team_games') }} as part,
        {%- for statistic in statistics %}
            avg(team_games.{{ statistic }}) as {{ statistic }},
        {%- endfor %}
        count(*) as game_count,
        max(bounds.least_games) as least_games,
        max(bounds.tolerance) as tolerance
    from team_games
    cross join bounds
    group by 1, 2, 3

),

by_statistic as (

    select
        parts.season_year,
        parts.kind,
        parts.part,
        parts.game_count,
        parts.least_games,
        parts.tolerance,
        named.statistic,
        {{ _by_statistic('named', 'parts', statistics) }} as average
    from parts
    cross join {{ literal_rows('named', {'statistic': statistics}) }}

),

with_season as (

    select
        *,
        sum(average * game_count) over of_season / sum(game_count) over of_season as season_average
    from by_statistic
    window of_season as (partition by season_year, kind, statistic)

),

-- The rarer a statistic, the more of it is chance, and style.
final as (

    select
        season_year,
        kind,
        part,
        statistic,
        game_count,
        average,
        season_average,
        greatest(average, season_average) > least(average, season_average)
        * (1 + (tolerance + 2.5 / sqrt(game_count)) / sqrt(season_average)) as is_uneven
    from with_season
    where
        game_count >= least_games
        and season_average > 0
        -- In the playoffs a team may have nobody hurt for a month; on short lists, for longer. And
        -- with many hurt everybody else plays.
        and (
            statistic not in ('dnp_players', 'inactive_players')
            or kind not in ('month', 'team_month')
            and (statistic = 'dnp_players' or season_average >= 3)
        )
        and (statistic != 'missed_threes' or season_average >= 15)

)

select * from final
