{#
    Dates of the window on which a source has games or the summary has rows. All other dates cost a
    backfill nothing.
#}
{%- set summary_exists = execute and load_relation(ref('player_game_summary')) is not none %}
-- Before the first window there is no summary to read.
-- depends_on: {{ ref('player_game_summary') }}
with

games as (

    select
        game_date,
        count(distinct game_id) as game_count
    from {{ ref('int_games') }}
    where {{ in_window('game_date') }}
    group by 1

),

summary as (

    select
        game_date,
        count(*) as row_count
    from {{ ref('player_game_summary') if summary_exists else 'games' }}
    where {{ in_window('game_date') if summary_exists else 'false' }}
    group by 1

)

select -- noqa: CV13
    coalesce(games.game_date, summary.game_date) as game_date,
    coalesce(games.game_count, 0) as game_count,
    coalesce(summary.row_count, 0) as row_count
from games
full outer join summary on games.game_date = summary.game_date
order by 1
