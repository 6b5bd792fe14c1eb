{#
    What nba-backfill asks before a run: each check, and beside it all that its source has of the
    season, so that the sources are read once for both.
#}
with

checks as (

    select * from {{ ref('preflight_checks') }}

),

seasons as (

    select
        source_seasons.*,
        concat(
            source_seasons.source_name, ' ', cast(source_seasons.season_year as string)
        ) as season_scope
    from {{ ref('source_seasons') }} as source_seasons

),

final as (

    select
        checks.*,
        seasons.*
    from checks
    inner join seasons on checks.scope = seasons.season_scope

)

select * from final -- noqa: AM04, CV13
order by source_name desc, season_year asc, check_number asc
