{# May the summary of the window be trained on? The checks come in the order of cause and effect. #}
{%- set checks_of_range = [
    {'metric': 'held_back_dates', 'figure': 'held_back_dates', 'example': 'held_back_because'},
    {
        'metric': 'empty_range',
        'figure': 'case when row_count = 0 and lost_keys > 0 then 1 else 0 end',
    },
    {'metric': 'lost_minutes', 'figure': 'lost_minutes', 'example': 'lost_minutes_said'},
    {
        'metric': 'null_minutes_share',
        'figure': percent_of('null_minutes', 'row_count'),
        'sample': 'row_count',
        'example': "cast(null_minutes as string) || ' of ' || cast(row_count as string)",
    },
    {'metric': 'duplicate_keys', 'figure': 'duplicate_keys', 'example': 'duplicate_keys_said'},
    {'metric': 'dates_without_rows', 'figure': 'dates_without_rows', 'example': 'without_rows'},
    {
        'metric': 'missing_scheduled_games',
        'figure': 'missing_games_pct',
        'example': 'missing_games_in',
    },
    {
        'metric': 'source_key_differences',
        'figure': 'lost_keys + left_over_keys',
        'example': "cast(lost_keys as string) || ' lost, ' || cast(left_over_keys as string) || ' left over'"
            ~ " || coalesce(': ' || key_differences_said, '')",
    },
    {
        'metric': 'row_count_deviation',
        'figure': percent_of('abs(compared_rows - baseline_rows)', 'baseline_rows'),
        'example': "cast(compared_rows as string) || ' rows, ' || cast(baseline_rows as string) || ' before'",
    },
    {'metric': 'long_minutes', 'figure': 'long_minutes', 'example': 'long_minutes_between'},
    {
        'metric': 'implausible_team_points',
        'figure': 'implausible_teams',
        'example': 'implausible_teams_said',
    },
    {'metric': 'broken_rules', 'figure': 'broken_rules', 'example': 'broken_rules_said'},
    {
        'metric': 'games_in_one_source',
        'figure': percent_of('games_in_one_source', 'game_count'),
        'sample': 'game_count',
        'example': "cast(games_in_one_source as string) || ' games, ' || in_one_source_between",
    },
    {
        'metric': 'unregistered_players',
        'figure': percent_of('unregistered_rows', 'row_count'),
        'sample': 'row_count',
        'example': "cast(unregistered_rows as string) || ' rows'",
    },
    {
        'metric': 'seasons_without_schedule',
        'figure': 'unscheduled_seasons',
        'example': 'unscheduled_between',
    },
    {'metric': 'unfinished_dates', 'figure': 'unfinished_dates', 'example': 'unfinished_said'},
    {
        'metric': 'missing_season_games',
        'figure': 'season_games_missing',
        'example': 'season_games_missing_in',
    },
    {
        'metric': 'unregistered_teams',
        'figure': 'unregistered_teams',
        'example': 'unregistered_teams_between',
    },
    {
        'metric': 'unregistered_regulars',
        'figure': 'unregistered_regulars',
        'example': 'unregistered_regulars_between',
    },
    {
        'metric': 'null_plus_minus_share',
        'figure': percent_of('null_plus_minus', 'rows_of_plus_minus'),
        'sample': 'rows_of_plus_minus',
        'example': "cast(null_plus_minus as string) || ' of ' || cast(rows_of_plus_minus as string)",
    },
    {
        'metric': 'lost_plus_minus',
        'figure': 'players_without_plus_minus',
        'example': 'without_plus_minus_between',
    },
    {
        'metric': 'ambiguous_players',
        'figure': 'ambiguous_players'
            ~ ' + case when renumbered_players > 1 then renumbered_players else 0 end',
        'example': 'coalesce('
            ~ 'ambiguous_between, case when renumbered_players > 1 then renumbered_between end)',
    },
    {
        'metric': 'capped_statistics',
        'figure': 'capped_statistics + case when has_no_overtime then 1 else 0 end',
        'example': "coalesce(capped_at, case when has_no_overtime then 'overtimes at most 0' end)",
    },
    {
        'metric': 'season_change',
        'figure': 'season_change',
        'example': 'season_change_said',
    },
] %}
{#- All findings of a check count together, or those of the worst season alone. -#}
{%- set findings_of_seasons = {
    'inconsistent_statistics': 'sum',
    'broken_rosters': 'sum',
    'registry_differences': 'max',
    'uneven_statistics': 'sum',
    'exchanged_players': 'sum',
    'exchanged_statistics': 'sum',
    'uneven_home_games': 'sum',
    'source_disagreements': 'sum',
    'misread_values': 'sum',
    'unlikely_months': 'sum',
    'repeated_statistics': 'sum',
    'excess_noughts': 'sum',
    'repeated_box_scores': 'sum',
} -%}
{%- for name in findings_of_seasons -%}
    {%- do checks_of_range.append({'metric': name, 'figure': name, 'example': name ~ '_said'}) -%}
{%- endfor %}
{%- set checks_of_season = [
    {
        'metric': 'null_minutes_share',
        'figure': percent_of('null_minutes', 'row_count'),
        'sample': 'row_count',
        'example': "cast(null_minutes as string) || ' of ' || cast(row_count as string)",
    },
] %}
with

summary as (

    {{ rows_if_built('player_game_summary', in_window('game_date')) }}

),

rows_of_window as (

    {{ player_rows() }}

),

player_rows as (

    select * from rows_of_window
    where {{ in_window('game_date') }}

),

thresholds as (

    {{ thresholds() }}

),

season_dates as (

    select * from {{ ref('season_dates') }}

),

ledger as (

    {{ rows_if_built('backfill_ledger', in_window('game_date')) }}

),

baselines as (

    {{ rows_if_built('backfill_baselines', in_window('game_date')) }}

),

errors as (

    {{ rows_if_built('gate_findings', in_window('game_date') ~ " and severity = 'error'") }}

),

held_back as (

    {{ held_back_reasons('errors') }}

),

held_back_figures as (

    select
        count(*) as held_back_dates,
        {{ first_and_last('game_date', 'true') }} || ': ' || min(reason) as held_back_because
    from held_back

),

plan as (

    select * from {{ ref('backfill_plan') }}

),

findings as (

    select * from {{ ref('summary_findings') }}

),

-- What is held back says so by itself, and lacks what the sources have.
broken as (

    select * from findings
    where severity = 'error' and game_date not in (select held_back.game_date from held_back)

),

rule_figures as (

    select
        {%- for figure, rule in {
            'lost_minutes': 'lost_minutes',
            'duplicate_keys': 'duplicate_key',
            'lost_keys': 'key_lost',
            'left_over_keys': 'key_left_over',
            'implausible_teams': 'implausible_team_points',
        }.items() %}
            count(case when rule = '{{ rule }}' then 1 end) as {{ figure }},
            min(case when rule = '{{ rule }}' then said end) as {{ figure }}_said,
        {%- endfor %}
        min(case when rule in ('key_lost', 'key_left_over') then said end) as key_differences_said,
        count(*) as broken_rules,
        min(said) as broken_rules_said
    from broken

),

plan_figures as (

    select
        count(*) as unfinished_dates,
        {{ first_and_last('game_date', 'true') }} || ': ' || min(status) as unfinished_said
    from plan
    where status not in ('complete', 'no games', 'held back')

),

player_games as (

    select
        *,
        sum(minutes_played) over (partition by game_id, team_abbr) / 5 as game_minutes
    from summary

),

flagged as (

    select
        player_games.*,
        player_games.minutes_played > thresholds.min_value
        and (
            player_games.minutes_played > player_games.game_minutes + 1
            or player_games.minutes_played > thresholds.max_value
        ) as is_long
    from player_games
    left join thresholds on thresholds.metric = 'long_minutes'

),

row_figures as (

    select
        count(*) as row_count,
        count(*) - count(minutes_played) as null_minutes,
        count(case when is_long then 1 end) as long_minutes,
        {{ first_and_last('game_date', 'is_long') }} as long_minutes_between,
        count(case when universal_player_id is null then 1 end) as unregistered_rows
    from flagged

),

games as (

    {{ game_totals('summary') }}

),

flagged_games as (

    select
        game_id,
        team_minutes,
        game_date <= {{ settled_until() }} and (nbac_rows = 0 or bdl_rows = 0) as is_in_one_source
    from games

),

game_figures as (

    select
        count(*) as game_count,
        -- One game in sixteen has some.
        count(*) >= 300 and coalesce(max(team_minutes), 0) < 250 as has_no_overtime,
        count(case when is_in_one_source then 1 end) as games_in_one_source,
        {{ first_and_last('game_id', 'is_in_one_source') }} as in_one_source_between
    from flagged_games

),

dates_of_summary as (

    select
        game_date,
        max(season_year) as season_year,
        cast(sum(row_count) as int64) as row_count,
        count(*) as game_count
    from games
    group by game_date

),

dates_of_sources as (

    select game_date
    from player_rows
    where exclusion_reason is null
    group by game_date

),

unwritten_dates as (

    select
        count(*) as date_count,
        {{ first_and_last('dates_of_sources.game_date', 'true') }} as between_dates
    from dates_of_sources
    left join dates_of_summary on dates_of_sources.game_date = dates_of_summary.game_date
    where dates_of_summary.game_date is null

),

-- Dates that no source has show only in that the schedule has fewer free ones, and begins or ends
-- with others.
free_dates as (

    select
        season_dates.season_year,
        season_dates.season_part,
        greatest(
            coalesce(count(*) - max(season_dates.free_days), 0),
            count(case when season_dates.is_first_or_last then 1 end)
        ) as date_count,
        coalesce(
            'no game on the first or last date of a part of the season, '
            || {{ first_and_last('season_dates.game_date', 'season_dates.is_first_or_last') }},
            cast(count(*) as string) || ' dates without a game, '
            || cast(max(season_dates.free_days) as string) || ' expected, '
            || {{ first_and_last('season_dates.game_date', 'true') }}
        ) as between_dates
    from season_dates
    left join dates_of_summary on season_dates.game_date = dates_of_summary.game_date
    left join dates_of_sources on season_dates.game_date = dates_of_sources.game_date
    where
        dates_of_summary.game_date is null
        and dates_of_sources.game_date is null
        and season_dates.game_date <= {{ settled_until() }}
    group by season_dates.season_year, season_dates.season_part

),

unexplained_dates as (

    select
        coalesce(sum(date_count), 0) as date_count,
        min(case when date_count > 0 then between_dates end) as between_dates
    from free_dates

),

-- Of the parts of a season that lie in the window as a whole.
parts as (

    select
        season_dates.season_year,
        season_dates.season_part,
        sum(season_dates.games_expected) as games_expected,
        sum(coalesce(dates_of_summary.game_count, 0)) as game_count
    from season_dates
    left join dates_of_summary on season_dates.game_date = dates_of_summary.game_date
    group by season_dates.season_year, season_dates.season_part
    having
        count(*) = max(season_dates.day_count)
        and sum(season_dates.games_expected) > 0
        and max(season_dates.game_date) <= {{ settled_until() }}

),

numbered_parts as (

    select
        *,
        concat(
            cast(season_year as string), ' ', season_part, ' ', cast(game_count as string), ' of ',
            cast(cast(round(games_expected) as int64) as string)
        ) as said,
        row_number() over (
            order by game_count / games_expected asc, season_year asc, season_part asc
        ) as part_number
    from parts

),

part_figures as (

    select
        max(
            round(greatest(100 - 100.0 * game_count / games_expected, 0), 2)
        ) as missing_games_pct,
        min(
            case when part_number = 1 and game_count < games_expected then said end
        ) as missing_games_in
    from numbered_parts

),

seasons as (

    select * from {{ ref('seasons') }}

),

-- Of the seasons that lie in the window with all of their parts.
whole_seasons as (

    select
        seasons.season_year,
        sum(seasons.game_count) as games_expected,
        sum(seasons.game_count) - sum(parts.game_count) as games_missing
    from seasons
    left join parts
        on
            seasons.season_year = parts.season_year
            and seasons.season_part = parts.season_part
    where seasons.season_phase = 'regular'
    group by seasons.season_year
    having count(*) = count(parts.season_part)

),

season_game_figures as (

    select
        coalesce(max(abs(games_missing)), 0) as season_games_missing,
        min(
            case when games_missing != 0 then concat(
                cast(season_year as string), ' has ',
                cast(games_expected - games_missing as string), ' of ',
                cast(games_expected as string)
            ) end
        ) as season_games_missing_in
    from whole_seasons

),

players_of_seasons as (

    select
        season_year,
        team_abbr,
        player_lookup,
        universal_player_id,
        count(*) as row_count,
        count(case when is_active then 1 end) as game_count,
        count(case when is_active and plus_minus is null then 1 end) as games_without_plus_minus,
        max(
            case when {{ names_differ('player_lookup', 'player_full_name') }} then 1 else 0 end
        ) as is_misnamed,
        min(game_date) as first_date,
        max(game_date) as last_date
    from summary
    group by season_year, team_abbr, player_lookup, universal_player_id

),

dated_ids as (

    select
        *,
        {%- for name, figure in {
            'first_of_id': 'min(first_date) over of_id',
            'last_of_id': 'max(last_date) over of_id',
            'first_season_of_id': 'min(season_year) over of_id_ever',
            'last_season_of_id': 'max(season_year) over of_id_ever',
        }.items() %}
            case when universal_player_id is not null then {{ figure }} end as {{ name }},
        {%- endfor %}
        sum(row_count) over of_team as rows_of_team,
        sum(case when universal_player_id is null then row_count else 0 end) over of_team
            as unregistered_of_team,
        1e0 * sum(games_without_plus_minus) over of_season
        / nullif(sum(game_count) over of_season, 0) as share_without_plus_minus,
        string_agg(player_lookup, ', ') over of_season as names_of_season
    from players_of_seasons
    window
        of_season as (partition by season_year),
        of_id as (partition by season_year, player_lookup, universal_player_id),
        of_id_ever as (partition by player_lookup, universal_player_id),
        of_team as (partition by season_year, team_abbr)

),

judged_ids as (

    select
        *,
        rows_of_team >= 10 and 2 * unregistered_of_team > rows_of_team as is_of_unregistered_team,
        universal_player_id is null and game_count >= 10 as is_unregistered_regular,
        -- Of who plays in games that only the other source has, no more than a tenth is missing.
        game_count >= 10
        and games_without_plus_minus > 0.3 * game_count
        and share_without_plus_minus < 0.15 as has_lost_plus_minus,
        is_misnamed = 1
        or universal_player_id is not null and (
            -- Namesakes play at the same time: with another id from a date on it is one player.
            max(first_of_id) over of_name > min(last_of_id) over of_name
            or min(player_lookup) over of_id != max(player_lookup) over of_id
            -- An id that begins with a name is that player's.
            or not starts_with(universal_player_id, player_lookup)
            and concat(', ', names_of_season, ',')
            like concat('%, ', {{ dbt.split_part('universal_player_id', "'_'", 1) }}, ',%')
        ) as is_ambiguous,
        first_season_of_id = min(last_season_of_id) over (partition by player_lookup) + 1
            as is_renumbered
    from dated_ids
    window
        of_name as (partition by season_year, player_lookup),
        of_id as (partition by season_year, universal_player_id)

),

id_figures as (

    select
        count(distinct case
            when is_of_unregistered_team then concat(cast(season_year as string), ' ', team_abbr)
        end) as unregistered_teams,
        {{ first_and_last(
            "concat(cast(season_year as string), ' ', team_abbr)", 'is_of_unregistered_team'
        ) }} as unregistered_teams_between,
        count(case when is_unregistered_regular then 1 end) as unregistered_regulars,
        {{ first_and_last(
            "concat(player_lookup, ' of ', team_abbr)", 'is_unregistered_regular'
        ) }} as unregistered_regulars_between,
        -- Before 1997 nobody kept it.
        sum(case when share_without_plus_minus < 0.5 then games_without_plus_minus end)
            as null_plus_minus,
        sum(case when share_without_plus_minus < 0.5 then game_count end) as rows_of_plus_minus,
        count(case when has_lost_plus_minus then 1 end) as players_without_plus_minus,
        {{ first_and_last(
            "concat(cast(season_year as string), ' ', team_abbr, ' ', player_lookup)",
            'has_lost_plus_minus'
        ) }} as without_plus_minus_between,
        count(distinct case
            when is_ambiguous then concat(cast(season_year as string), ' ', player_lookup)
        end) as ambiguous_players,
        -- One may be a namesake, who came when the other left.
        count(distinct case when is_renumbered then player_lookup end) as renumbered_players,
        {{ first_and_last(
            "concat(cast(season_year as string), ' ', player_lookup, ' ', universal_player_id)",
            'is_ambiguous'
        ) }} as ambiguous_between,
        {{ first_and_last(
            "concat(cast(season_year as string), ' ', player_lookup, ' ', universal_player_id)",
            'is_renumbered'
        ) }} as renumbered_between
    from judged_ids

),

totals_of_seasons as (

    select
        season_year,
        {%- for statistic in _averaged() %}
            sum({{ statistic }}) as all_{{ statistic }},
        {%- endfor %}
        {%- for statistic in counted_statistics() %}
            max({{ statistic }}) as {{ statistic }},
        {%- endfor %}
        count(distinct game_id) as game_count
    from summary
    group by season_year

),

statistics_of_seasons as (

    select
        totals_of_seasons.season_year,
        totals_of_seasons.game_count,
        named.statistic,
        {{ _by_statistic('named', 'totals_of_seasons', counted_statistics()) }} as most_of_it,
        case named.statistic
            {%- for statistic in _averaged() %}
                when '{{ statistic }}' then totals_of_seasons.all_{{ statistic }}
            {%- endfor %}
        end / totals_of_seasons.game_count as per_game
    from totals_of_seasons
    cross join {{ literal_rows('named', {'statistic': counted_statistics()}) }}

),

-- Beside the season before, where both are there nearly as a whole: fewer free throws come in the
-- autumn than in spring.
compared_statistics as (

    select
        season_year,
        game_count,
        statistic,
        most_of_it,
        per_game,
        case
            when
                game_count >= 900
                and lag(game_count) over of_statistic >= 900
                and lag(season_year) over of_statistic = season_year - 1
                then lag(per_game) over of_statistic
        end as per_game_before
    from statistics_of_seasons
    window of_statistic as (partition by statistic order by season_year asc)

),

judged_statistics as (

    select
        compared_statistics.*,
        compared_statistics.game_count >= 100
        and compared_statistics.most_of_it < thresholds.min_value as is_capped,
        case
            when compared_statistics.per_game > 0 and compared_statistics.per_game_before > 0
                then round(
                    100
                    * greatest(compared_statistics.per_game, compared_statistics.per_game_before)
                    / least(compared_statistics.per_game, compared_statistics.per_game_before)
                    - 100, 2
                )
        end as change_pct
    from compared_statistics
    left join thresholds on thresholds.metric = concat('most_', compared_statistics.statistic)

),

numbered_statistics as (

    select
        *,
        row_number() over (
            order by coalesce(change_pct, -1) desc, statistic asc, season_year asc
        ) as change_number
    from judged_statistics

),

statistic_figures as (

    select
        count(case when is_capped then 1 end) as capped_statistics,
        min(
            case when is_capped then concat(statistic, ' at most ', cast(most_of_it as string)) end
        ) as capped_at,
        coalesce(max(change_pct), 0) as season_change,
        min(
            case when change_number = 1 and change_pct > 0 then concat(
                statistic, ' of a game ', {{ with_two_decimals('per_game_before') }}, ' in ',
                cast(season_year - 1 as string), ', ', {{ with_two_decimals('per_game') }}, ' in ',
                cast(season_year as string)
            ) end
        ) as season_change_said
    from numbered_statistics

),

numbered_findings as (

    select
        *,
        row_number() over (
            partition by check_name order by amount desc, said asc
        ) as finding_number
    from {{ ref('season_findings') }}

),

finding_figures as (

    select
        {%- for name, total in findings_of_seasons.items() %}
            coalesce(
                {{ total }}(case when check_name = '{{ name }}' then amount end), 0
            ) as {{ name }},
            min(
                case when check_name = '{{ name }}' and finding_number = 1 then said end
            ) as {{ name }}_said,
        {%- endfor %}
        count(*) as finding_count
    from numbered_findings

),

unscheduled as (

    select
        count(distinct dates_of_summary.season_year) as unscheduled_seasons,
        {{ first_and_last('dates_of_summary.season_year', 'true') }} as unscheduled_between
    from dates_of_summary
    left join seasons on dates_of_summary.season_year = seasons.season_year
    where
        seasons.season_year is null
        -- How many games there are of one that is under way, nobody knows yet.
        and dates_of_summary.season_year < {{ season_year(settled_until()) }}

),

-- What the run that last wrote a date had found there, or what is expected of the whole window.
baseline_figures as (

    {% if var('baseline_rows') is none %}
        select
            sum(dates_of_summary.row_count) as compared_rows,
            sum(baselines.row_count) as baseline_rows
        from dates_of_summary
        inner join ledger on dates_of_summary.game_date = ledger.game_date
        inner join baselines
            on ledger.game_date = baselines.game_date and ledger.run_id = baselines.run_id
    {% else %}
        select
            count(*) as compared_rows,
            {{ whole_number('The var baseline_rows', var('baseline_rows')) }} as baseline_rows
        from summary
    {% endif %}

),

range_figures as (

    select
        'all' as scope,
        row_figures.*,
        rule_figures.*,
        plan_figures.unfinished_dates,
        plan_figures.unfinished_said,
        part_figures.missing_games_pct,
        part_figures.missing_games_in,
        unscheduled.unscheduled_seasons,
        unscheduled.unscheduled_between,
        season_game_figures.season_games_missing,
        season_game_figures.season_games_missing_in,
        id_figures.unregistered_teams,
        id_figures.unregistered_teams_between,
        id_figures.unregistered_regulars,
        id_figures.unregistered_regulars_between,
        id_figures.null_plus_minus,
        id_figures.rows_of_plus_minus,
        id_figures.players_without_plus_minus,
        id_figures.without_plus_minus_between,
        id_figures.ambiguous_players,
        id_figures.renumbered_players,
        id_figures.ambiguous_between,
        id_figures.renumbered_between,
        statistic_figures.capped_statistics,
        statistic_figures.capped_at,
        statistic_figures.season_change,
        statistic_figures.season_change_said,
        finding_figures.*,
        held_back_figures.held_back_dates,
        held_back_figures.held_back_because,
        game_figures.game_count,
        game_figures.has_no_overtime,
        game_figures.games_in_one_source,
        game_figures.in_one_source_between,
        unwritten_dates.date_count + unexplained_dates.date_count as dates_without_rows,
        coalesce(unwritten_dates.between_dates, unexplained_dates.between_dates) as without_rows,
        baseline_figures.compared_rows,
        baseline_figures.baseline_rows
    from row_figures
    cross join rule_figures
    cross join plan_figures
    cross join part_figures
    cross join unscheduled
    cross join season_game_figures
    cross join id_figures
    cross join statistic_figures
    cross join finding_figures
    cross join game_figures
    cross join held_back_figures
    cross join unwritten_dates
    cross join unexplained_dates
    cross join baseline_figures

),

season_figures as (

    select
        cast(season_year as string) as scope,
        count(*) as row_count,
        count(*) - count(minutes_played) as null_minutes
    from summary
    group by season_year

),

final as (

    {{ judged('range_figures', checks_of_range, number_of_another=5) }}
    union all
    {{ judged('season_figures', checks_of_season, 5) }}

)

select * from final
