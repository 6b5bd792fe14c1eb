{#
    Which player has far more or less of a statistic in a month than his other months let expect, or
    nothing of it in a month or season in which anybody has? One row per finding.
#}
{%- set statistics = _of_a_player() | reject('equalto', 'three_pt_attempts') | list -%}
{%- set chances = [] -%}
{%- for statistic in statistics -%}{%- do chances.append(_chance_in(statistic)) -%}{%- endfor -%}
{#- In real seasons 5.7 at most, and nothing in place of 10 of a month and of 20 of a season. -#}
{%- set most_deviation, nothing_of_month, nothing_of_season = 8, 16, 40 -%}
with

summary as (

    {{ rows_if_built('player_game_summary', in_seasons_of_window('game_date')) }}

),

months as (

    select
        season_year,
        player_lookup,
        cast(extract(month from game_date) as string) as part,
        {%- for statistic in statistics %}
            sum({{ statistic }}) as {{ statistic }},
        {%- endfor %}
        sum(minutes_played) as minutes_played,
        max(case when {{ in_window('game_date') }} then 1 else 0 end) as is_in_window
    from summary
    where is_active and minutes_played > 0
    group by 1, 2, 3

),

by_statistic as (

    select
        months.season_year,
        months.player_lookup,
        months.part,
        months.minutes_played,
        months.is_in_window,
        named.statistic,
        named.chance,
        {{ _by_statistic('named', 'months', statistics) }} as amount
    from months
    cross join {{ literal_rows('named', {
        'statistic': statistics,
        'chance': chances,
    }) }}

),

with_other_months as (

    select
        *,
        1e0 * sum(amount) over of_season / sum(minutes_played) over of_season as usual,
        sum(amount) over of_player as amount_of_season,
        sum(minutes_played) over of_player as minutes_of_season
    from by_statistic
    window
        of_season as (partition by season_year, statistic),
        of_player as (partition by season_year, statistic, player_lookup)

),

-- What he does in his other months, with two hundred minutes of anybody beside them.
compared as (

    select
        *,
        minutes_played * (amount_of_season - amount + 200 * usual)
        / (minutes_of_season - minutes_played + 200) as expected
    from with_other_months
    where is_in_window = 1 and usual > 0

),

final as (

    select
        season_year,
        player_lookup,
        part,
        statistic,
        amount,
        expected,
        minutes_of_season * usual as expected_of_season
    from compared
    where
        2 * ({{ _log_likelihood('amount', 'expected') }} - amount + expected)
        > {{ most_deviation }} * {{ most_deviation }} * chance
        or (amount = 0 and expected > {{ nothing_of_month }} * chance)
        or (
            amount_of_season = 0
            and minutes_of_season * usual > {{ nothing_of_season }} * chance
        )

)

select * from final
