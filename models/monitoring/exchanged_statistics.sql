{#
    Which two statistics stand in each other's place, in a game, of a team in a game or in a month, or
    on a date of the window? One row per part in which the players have as many of the one as they
    have of the other in their other games.
#}
{%- set statistics = _of_a_player() -%}
{%- set pairs = [] -%}
{%- for statistic in statistics -%}
    {%- for other in statistics[loop.index:] -%}
        {%- do pairs.append((statistic, other)) -%}
    {%- endfor -%}
{%- endfor -%}
{%- set kinds = ['team_game', 'game', 'date', 'team_month'] -%}
with

summary as (

    {{ rows_if_built('player_game_summary', in_seasons_of_window('game_date')) }}

),

thresholds as (

    {{ thresholds() }}

),

limits as (

    {{ _expected('exchanged_statistics', kinds, {'most_evidence': 'max_value'}) }}

),

with_totals as (

    {{ _with_other_games('summary', statistics) }}

),

-- What he does in his other games, with two hundred minutes of anybody beside them. Of who has not
-- played as many himself nobody knows yet.
expected as (

    select
        season_year,
        game_date,
        game_id,
        team_abbr,
        {%- for statistic in statistics %}
            {{ statistic }},
            minutes_played * (other_{{ statistic }} + 200 * usual_{{ statistic }})
            / (other_minutes_played + 200) as expected_{{ statistic }},
        {%- endfor %}
        minutes_played
    from with_totals
    where {{ in_window('game_date') }} and other_minutes_played >= 200

),

team_games as (

    select
        season_year,
        game_date,
        game_id,
        {%- for statistic, other in pairs %}
            sum({{ _better_in_place_of(statistic, other) }}) as {{ statistic }}__{{ other }},
        {%- endfor %}
        team_abbr
    from expected
    group by 1, 2, 3, {{ pairs | length + 4 }}

),

parts as (

    select
        team_games.season_year,
        limits.statistic as kind,
        case limits.statistic
            when 'game' then team_games.game_id
            when 'date' then cast(team_games.game_date as string)
            when 'team_game' then team_games.game_id || ' ' || team_games.team_abbr
            else
                team_games.team_abbr || ' '
                || cast(extract(month from team_games.game_date) as string)
        end as part,
        {%- for statistic, other in pairs %}
            sum(team_games.{{ statistic }}__{{ other }}) as {{ statistic }}__{{ other }},
        {%- endfor %}
        max(limits.most_evidence) as most_evidence
    from team_games
    cross join limits
    group by 1, 2, 3

),

by_pair as (

    select
        parts.season_year,
        parts.kind,
        parts.part,
        named.first_statistic,
        named.second_statistic,
        parts.most_evidence,
        {{ _by_statistic('named', 'parts', pairs | map('join', '__') | list) }} as evidence
    from parts
    cross join {{ literal_rows('named', {
        'statistic': pairs | map('join', '__') | list,
        'first_statistic': pairs | map('first') | list,
        'second_statistic': pairs | map('last') | list,
    }) }}

),

-- What has far too much of one statistic goes better with it in any place.
numbered as (

    select
        *,
        row_number() over (
            partition by season_year, kind, part
            order by evidence desc, first_statistic asc, second_statistic asc
        ) as pair_number
    from by_pair

),

final as (

    select
        season_year,
        kind,
        part,
        first_statistic as statistic,
        second_statistic as other_statistic,
        evidence
    from numbered
    where pair_number = 1 and evidence > most_evidence

)

select * from final
