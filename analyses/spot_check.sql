{#
    Runbook, validation: the box score of the game that the var teams names, on the dates of the
    window, with the address of its public page at Basketball-Reference.
#}
{%- set public_codes = {'BKN': 'BRK', 'CHA': 'CHO', 'PHX': 'PHO'} %}
with

team_aliases as (

    select * from {{ ref('team_aliases') }}
    where team_alias in ({{ quoted_teams() }})

),

games as (

    select
        player_games.*,
        case
            when player_games.is_home then player_games.team_abbr
            else player_games.opponent_team_abbr
        end
            as home_team_abbr
    from {{ ref('player_game_summary') }} as player_games
    inner join team_aliases as teams on player_games.team_abbr = teams.team_abbr
    inner join team_aliases as opponents on player_games.opponent_team_abbr = opponents.team_abbr
    where {{ in_window('player_games.game_date') }}

),

final as (

    select
        game_date,
        game_id,
        team_abbr,
        is_home,
        player_full_name,
        player_status,
        minutes_played,
        points,
        total_rebounds,
        assists,
        fg_makes,
        fg_attempts,
        three_pt_makes,
        three_pt_attempts,
        ft_makes,
        ft_attempts,
        dnp_reason,
        primary_source_used,
        sources_disagree,
        concat(
            'https://www.basketball-reference.com/boxscores/',
            replace(cast(game_date as string), '-', ''),
            '0',
            case home_team_abbr
                {%- for code, public_code in public_codes.items() %}
                    when '{{ code }}' then '{{ public_code }}'
                {%- endfor %}
                else home_team_abbr
            end,
            '.html'
        ) as public_page
    from games

)

select * from final -- noqa: CV13
order by
    game_id asc, is_home asc, minutes_played desc nulls last, player_full_name asc
