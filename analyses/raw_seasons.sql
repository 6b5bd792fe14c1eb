{# What the raw tables have in all: rows, games and dates of each season, whatever the window. #}
with

player_rows as (

    select
        'nbac_gamebook' as source_name,
        {{ season_year('source_game_date') }} as season_year,
        source_game_date,
        source_game_id
    from {{ ref('stg_nbac__gamebook_player_stats') }}
    where {{ in_any_partition('source_game_date') }}

    union all

    select
        'bdl_boxscores' as source_name,
        {{ season_year('source_game_date') }} as season_year,
        source_game_date,
        source_game_id
    from {{ ref('stg_bdl__player_boxscores') }}
    where {{ in_any_partition('source_game_date') }}

),

final as (

    select
        source_name,
        season_year,
        count(*) as row_count,
        count(distinct source_game_id) as game_count,
        min(source_game_date) as first_date,
        max(source_game_date) as last_date
    from player_rows
    group by source_name, season_year

)

select * from final -- noqa: CV13
order by source_name, season_year
