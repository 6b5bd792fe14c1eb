{# What is not in the seasons of the window as it is in any season? One row per finding. #}
with

inconsistent_statistics as (

    select
        'inconsistent_statistics' as check_name,
        1 as amount,
        concat(
            statistic, ' of ', scope, ', correlation ', {{ with_two_decimals('agreement') }}
        ) as said
    from {{ ref('player_consistency') }}
    where is_inconsistent

),

broken_rosters as (

    select
        'broken_rosters' as check_name,
        1 as amount,
        concat(
            cast(season_year as string), ' by ', kind, ': ', part, ', ',
            cast(missing_players as string), ' of ', cast(row_count as string), ' missing, ',
            cast(passing_players as string), ' passing'
        ) as said
    from {{ ref('roster_breaks') }}
    where is_broken

),

numbered_differences as (

    select
        *,
        sum(difference) over (partition by season_year) as difference_of_season,
        row_number() over (
            partition by season_year order by difference desc, player_lookup asc
        ) as difference_number
    from {{ ref('registry_differences') }}

),

registry_differences as (

    select
        'registry_differences' as check_name,
        difference_of_season as amount,
        concat(
            cast(season_year as string), ' ', player_lookup, ' ', cast(games as string),
            ', registered ', cast(registered_games as string)
        ) as said
    from numbered_differences
    where difference_number = 1 and difference > 0

),

uneven_statistics as (

    select
        'uneven_statistics' as check_name,
        1 as amount,
        concat(
            statistic, ' of ', cast(season_year as string), ' by ', replace(kind, '_', ' and '),
            ': ', part, ' ', {{ with_two_decimals('average') }}, ', all ',
            {{ with_two_decimals('season_average') }}
        ) as said
    from {{ ref('uneven_statistics') }}
    where is_uneven

),

exchanged_players as (

    select
        'exchanged_players' as check_name,
        1 as amount,
        concat(
            player_lookup, ' and ', other_player_lookup, ' of ', team_abbr, ' in ',
            cast(season_year as string), ' by ', kind, ': ', part
        ) as said
    from {{ ref('exchanged_players') }}

),

exchanged_statistics as (

    select
        'exchanged_statistics' as check_name,
        1 as amount,
        concat(
            statistic, ' and ', other_statistic, ' of ', cast(season_year as string), ' by ',
            replace(kind, '_', ' and '), ': ', part
        ) as said
    from {{ ref('exchanged_statistics') }}

),

uneven_home_games as (

    select
        'uneven_home_games' as check_name,
        uneven_games + case when is_turned_round then 1 else 0 end as amount,
        concat(
            cast(season_year as string), ': ', cast(uneven_games as string),
            ' games on the wrong side, home teams won ', cast(home_wins as string), ' of ',
            cast(game_count as string)
        ) as said
    from {{ ref('home_and_away') }}
    where uneven_games > 0 or is_turned_round

),

source_disagreements as (

    select
        'source_disagreements' as check_name,
        1 as amount,
        concat(
            statistic, ' of ', cast(season_year as string), ' by ', kind, ': ', part, ', ',
            cast(differing_rows as string), ' of ', cast(row_count as string), ' differ'
        ) as said
    from {{ ref('source_agreement') }}
    where is_excessive

),

misread_values as (

    select
        'misread_values' as check_name,
        1 as amount,
        concat(
            statistic, ' ', cast(observed_value as string), ' of ', cast(season_year as string),
            ' by ', replace(kind, '_', ' and '), ': ', part, ', ', cast(row_count as string),
            ' between ', cast(rows_below as string), ' and ', cast(rows_above as string)
        ) as said
    from {{ ref('misread_values') }}

),

unlikely_months as (

    select
        'unlikely_months' as check_name,
        1 as amount,
        concat(
            statistic, ' of ', player_lookup, ' in month ', part, ' of ',
            cast(season_year as string), ': ', cast(amount as string), ', by his other months ',
            {{ with_two_decimals('expected') }}
        ) as said
    from {{ ref('unlikely_months') }}

),

repeated_statistics as (

    select
        'repeated_statistics' as check_name,
        1 as amount,
        concat(
            statistic, ' of ', cast(season_year as string), ' by ', replace(kind, '_', ' and '),
            ': ', part, ', ', cast(repeated_rows as string), ' of ', cast(row_count as string),
            ' as in the game before'
        ) as said
    from {{ ref('repeated_statistics') }}

),

excess_noughts as (

    select
        'excess_noughts' as check_name,
        1 as amount,
        concat(
            statistic, ' of ', cast(season_year as string), ' by ', replace(kind, '_', ' and '),
            ': ', part, ', ', cast(nought_rows as string), ' of ', cast(row_count as string),
            ' have none, expected at most ', {{ with_two_decimals('expected_rows') }}
        ) as said
    from {{ ref('excess_noughts') }}

),

repeated_box_scores as (

    select
        'repeated_box_scores' as check_name,
        1 as amount,
        concat(
            team_abbr, ' in ', game_id, ', as on ', cast(first_game_date as string)
        ) as said
    from {{ ref('repeated_box_scores') }}

),

final as (

    {%- for finding in [
        'inconsistent_statistics', 'broken_rosters', 'registry_differences', 'uneven_statistics',
        'exchanged_players', 'exchanged_statistics', 'uneven_home_games', 'source_disagreements',
        'misread_values', 'unlikely_months', 'repeated_statistics', 'excess_noughts',
        'repeated_box_scores',
    ] %}
        select * from {{ finding }}
        {{ 'union all' if not loop.last }}
    {%- endfor %}

)

select * from final
