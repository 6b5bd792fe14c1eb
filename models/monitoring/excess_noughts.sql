{#
    In which part of a season have far more players nothing of a statistic than their other games let
    expect? One row per finding.
#}
{#- How many times as many have nothing as by chance, and who has nothing whatever he does. -#}
{%- set noughts_of = {
    'assists': 1.25, 'defensive_rebounds': 1.25, 'offensive_rebounds': 1.2, 'steals': 1.1,
    'blocks': 1.1, 'turnovers': 1.1, 'personal_fouls': 1,
} -%}
{%- set of_anybody = 0.01 -%}
{%- set kinds = ['season', 'team', 'month', 'team_month', 'date', 'player'] -%}
{#- Standard errors: in real seasons 2.0 at most, and where there are few rows 3.3. -#}
{%- set most_of_many, most_of_few = 5, 7 -%}
{#- And of how many more than are expected chance makes nothing, where two of those who hardly ever
    have nothing are enough for that: Poisson's standard deviations. -#}
{%- set noughts_of_few = 4 -%}
with

summary as (

    {{ rows_if_built('player_game_summary', in_seasons_of_window('game_date')) }}

),

with_totals as (

    {{ _with_other_games('summary', noughts_of | list) }}

),

-- What he does in his other games, with two hundred minutes of anybody beside them. Of who has not
-- played as many himself nobody knows yet.
by_statistic as (

    select
        with_totals.season_year,
        with_totals.game_date,
        with_totals.team_abbr,
        with_totals.player_lookup,
        named.statistic,
        named.noughts,
        {{ _by_statistic('named', 'with_totals', noughts_of | list) }} as amount,
        case named.statistic
            {%- for statistic in noughts_of %}
                when '{{ statistic }}'
                    then
                        with_totals.minutes_played
                        * (
                            with_totals.other_{{ statistic }}
                            + 200 * with_totals.usual_{{ statistic }}
                        )
                        / (with_totals.other_minutes_played + 200)
            {%- endfor %}
        end as expected
    from with_totals
    cross join {{ literal_rows('named', {
        'statistic': noughts_of | list, 'noughts': noughts_of.values() | list,
    }) }}
    where {{ in_window('with_totals.game_date') }} and with_totals.other_minutes_played >= 200

),

with_chance as (

    select
        *,
        least(noughts * exp(-expected) + {{ of_anybody }}, 0.99) as chance_of_nothing
    from by_statistic
    where expected >= 1

),

-- Who hardly ever has nothing counts the more where he has.
parts as (

    select
        with_chance.season_year,
        named.kind,
        {{ _part_of_season(kinds, 'named.kind', 'with_chance') }} as part,
        with_chance.statistic,
        count(*) as row_count,
        count(case when with_chance.amount = 0 then 1 end) as nought_rows,
        sum(with_chance.chance_of_nothing) as expected_rows,
        sum(
            case when with_chance.amount = 0 then 1 / with_chance.chance_of_nothing else 0 end - 1
        ) / sqrt(sum(1 / with_chance.chance_of_nothing - 1)) as deviation
    from with_chance
    cross join {{ literal_rows('named', {'kind': kinds}) }}
    group by 1, 2, 3, 4

),

final as (

    select
        season_year,
        kind,
        part,
        statistic,
        row_count,
        nought_rows,
        expected_rows,
        deviation
    from parts
    where
        deviation
        > case when row_count >= 1000 then {{ most_of_many }} else {{ most_of_few }} end
        and (
            row_count >= 1000
            or nought_rows > expected_rows + {{ noughts_of_few }} * sqrt(expected_rows)
        )
        and (kind = 'date' or row_count >= 20)

)

select * from final
