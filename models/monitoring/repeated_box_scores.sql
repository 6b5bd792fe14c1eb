{#
    Which team has the same box score in two games? One row per team and game of the window whose
    players have, all together, as much of everything as those of a team in another game.
#}
{%- set statistics = counted_statistics() -%}
with

summary as (

    {{ rows_if_built('player_game_summary', in_seasons_of_window('game_date')) }}

),

team_games as (

    select
        {%- for statistic in statistics %}
            sum({{ statistic }}) as {{ statistic }},
        {%- endfor %}
        season_year,
        game_date,
        game_id,
        team_abbr,
        sum(minutes_played) as minutes_played
    from summary
    where is_active
    group by season_year, game_date, game_id, team_abbr

),

numbered as (

    select
        season_year,
        game_date,
        game_id,
        team_abbr,
        count(*) over of_box_score as game_count,
        min(game_date) over of_box_score as first_game_date
    from team_games
    where points > 0
    window of_box_score as (
        partition by
            {%- for statistic in statistics %}
                {{ statistic }},
            {%- endfor %}
            minutes_played
    )

),

final as (

    select
        season_year,
        game_date,
        game_id,
        team_abbr,
        first_game_date
    from numbered
    where game_count > 1 and {{ in_window('game_date') }}

)

select * from final
