{#
    How often do the sources differ on a statistic of somebody who played? One row per statistic and
    date of the window, team of a season and season.
#}
with

summary as (

    {{ rows_if_built('player_game_summary', in_window('game_date')) }}

),

thresholds as (

    {{ thresholds() }}

),

limits as (

    {{ _limits('limits.differing_statistics_max, limits.differing_statistics_share_max') }}

),

parts as (

    select
        summary.season_year,
        named.kind,
        case named.kind
            when 'date' then cast(summary.game_date as string)
            when 'team' then summary.team_abbr
            else 'all'
        end as part,
        {%- for statistic in ['minutes'] + counted_statistics() %}
            count(
                case when {{ is_named('summary.sources_disagree', statistic) }} then 1 end
            ) as {{ statistic }},
        {%- endfor %}
        count(*) as row_count
    from summary
    cross join {{ literal_rows('named', {'kind': ['date', 'team', 'season']}) }}
    where summary.is_active and summary.has_nbac_gamebook and summary.has_bdl_boxscores
    group by 1, 2, 3

),

by_statistic as (

    select
        parts.season_year,
        parts.kind,
        parts.part,
        parts.row_count,
        named.statistic,
        {{ _by_statistic('named', 'parts', ['minutes'] + counted_statistics()) }} as differing_rows
    from parts
    cross join {{ literal_rows('named', {'statistic': ['minutes'] + counted_statistics()}) }}

),

final as (

    select
        by_statistic.season_year,
        by_statistic.kind,
        by_statistic.part,
        by_statistic.statistic,
        by_statistic.row_count,
        by_statistic.differing_rows,
        by_statistic.differing_rows
        > limits.differing_statistics_max
        + limits.differing_statistics_share_max * by_statistic.row_count / 100 as is_excessive
    from by_statistic
    cross join limits

)

select * from final
