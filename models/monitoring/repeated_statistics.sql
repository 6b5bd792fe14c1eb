{#
    In which part of a season do far more players than usual have as many of a statistic as in their
    game before? One row per finding.
#}
{%- set statistics = _of_a_player() -%}
{%- set kinds = ['season', 'team', 'month', 'team_month', 'date'] -%}
{#- In real seasons 6.2 standard errors at most, and 53 of a hundred players of a season. -#}
{%- set most_deviation, most_of_season = 8, 0.75 -%}
with

summary as (

    {{ rows_if_built('player_game_summary', in_seasons_of_window('game_date')) }}

),

-- Who plays little has none of most of them in any game.
with_game_before as (

    select
        {%- for statistic in statistics %}
            case
                when {{ statistic }} = lag({{ statistic }}) over of_player then 1 else 0
            end as {{ statistic }},
        {%- endfor %}
        season_year,
        game_date,
        team_abbr,
        {{ in_window('game_date') }} as is_in_window,
        row_number() over of_player as game_number
    from summary
    where is_active and minutes_played >= 15
    window of_player as (partition by season_year, player_lookup order by game_date asc)

),

parts as (

    select
        with_game_before.season_year,
        with_game_before.is_in_window,
        named.kind,
        {{ _part_of_season(kinds, 'named.kind', 'with_game_before') }} as part,
        {%- for statistic in statistics %}
            sum(with_game_before.{{ statistic }}) as {{ statistic }},
        {%- endfor %}
        count(*) as row_count
    from with_game_before
    cross join {{ literal_rows('named', {'kind': kinds}) }}
    where with_game_before.game_number > 1
    group by 1, 2, 3, 4

),

by_statistic as (

    select
        parts.season_year,
        parts.is_in_window,
        parts.kind,
        parts.part,
        parts.row_count,
        named.statistic,
        {{ _by_statistic('named', 'parts', statistics) }} as repeated_rows
    from parts
    cross join {{ literal_rows('named', {'statistic': statistics}) }}

),

with_season as (

    select
        *,
        1e0 * sum(repeated_rows) over of_season / sum(row_count) over of_season as usual_share
    from by_statistic
    window of_season as (partition by season_year, kind, statistic)

),

final as (

    select
        season_year,
        kind,
        part,
        statistic,
        row_count,
        repeated_rows
    from with_season
    where
        is_in_window
        and (
            repeated_rows - row_count * usual_share
            > {{ most_deviation }} * sqrt(row_count * usual_share * (1 - usual_share) + 1)
            or (row_count >= 60 and repeated_rows > {{ most_of_season }} * row_count)
        )

)

select * from final
