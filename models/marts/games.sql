with

player_games as (

    {{ rows_with_every_column('player_game_summary', in_any_partition('game_date')) }}

),

game_totals as (

    select
        game_date,
        game_id,
        max(season_year) as season_year,
        max(season_phase) as season_phase,
        max(case when is_home then team_abbr else opponent_team_abbr end) as home_team_abbr,
        max(case when is_home then opponent_team_abbr else team_abbr end) as away_team_abbr,
        sum(case when is_home then points end) as home_points,
        sum(case when not is_home then points end) as away_points,
        sum(case when is_home and has_nbac_gamebook then points end) as nbac_home_points,
        sum(case when not is_home and has_nbac_gamebook then points end) as nbac_away_points,
        max(case when is_home then bdl_team_score end) as bdl_home_points,
        max(case when not is_home then bdl_team_score end) as bdl_away_points,
        -- Of one team, or the mean of both.
        sum(minutes_played)
        / nullif(count(distinct case when is_active then team_abbr end), 0) as team_minutes,
        count(case when has_nbac_gamebook then 1 end) as nbac_rows,
        count(case when has_bdl_boxscores then 1 end) as bdl_rows,
        count(*) as row_count,
        count(case when is_active then 1 end) as active_players,
        max(processed_at) as processed_at
    from player_games
    group by game_date, game_id

),

final as (

    select
        game_date,
        game_id,
        season_year,
        season_phase,
        home_team_abbr,
        away_team_abbr,
        cast(home_points as int64) as home_points,
        cast(away_points as int64) as away_points,
        cast(nbac_home_points as int64) as nbac_home_points,
        cast(nbac_away_points as int64) as nbac_away_points,
        bdl_home_points,
        bdl_away_points,
        case
            when {{ team_minutes_gap('team_minutes') }} <= 5
                then cast({{ overtimes('team_minutes') }} as int64)
        end as overtimes,
        nbac_rows > 0 as has_nbac_gamebook,
        bdl_rows > 0 as has_bdl_boxscores,
        row_count,
        active_players,
        processed_at
    from game_totals

)

select * from final
