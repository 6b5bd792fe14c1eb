{#
    What breaks the rules, one row per finding, as a select. The summary is a relation of the columns of
    player_game_summary, or a query of it; player_rows one of int_player_rows; published the rows that the window is to
    replace, and raw_teams who plays on which date, by the raw rows. With families only their rules are asked, and only
    those whose relations are there.
#}
{% macro findings(summary, player_rows=none, families=none, published=none, raw_teams=none) -%}
{%- set asked = _rules_of(families, player_rows is not none, published is not none) -%}
{%- set statistics = counted_statistics() -%}
{%- set baseline_rows = whole_number('The var baseline_rows', var('baseline_rows')) if var('baseline_rows') is not none else 'cast(null as int64)' -%}
with

thresholds as (

    {{ thresholds() }}

),

limits as (

    {{ _limits(asked) }}

),

summary_rows as (

    select
        *,
        fg_attempts + ft_attempts + turnovers + total_rebounds + assists + steals + blocks + personal_fouls as actions
    from {{ summary }}

),

-- Few are there more than once, so those are looked up: to count the others row by row takes longer than all else.
repeated_keys as (

    select
        game_date,
        coalesce(player_lookup, '') as player_lookup,
        coalesce(team_abbr, '') as team_abbr,
        count(*) as rows_of_key
    from summary_rows
    group by 1, 2, 3
    having count(*) > 1

),

repeated_players as (

    select
        game_date,
        player_lookup,
        count(*) as games_of_player
    from summary_rows
    where is_active
    group by game_date, player_lookup
    -- Namesakes are two.
    having
        count(*) > 1
        and (count(universal_player_id) < count(*) or min(universal_player_id) = max(universal_player_id))

),

repeated_ids as (

    select
        game_date,
        universal_player_id,
        count(*) as games_of_id
    from summary_rows
    where is_active
    group by game_date, universal_player_id
    having count(*) > 1

),

players_of_both_teams as (

    select
        game_id,
        universal_player_id
    from summary_rows
    where universal_player_id is not null
    group by game_id, universal_player_id
    having min(team_abbr) != max(team_abbr)

),

gamebook_teams as (

    select
        game_id,
        team_abbr,
        count(*) as gamebook_rows_of_team
    from summary_rows
    where has_nbac_gamebook
    group by game_id, team_abbr

),

player_games as (

    select
        summary_rows.*,
        coalesce(repeated_keys.rows_of_key, 1) as rows_of_key,
        coalesce(repeated_players.games_of_player, 1) as games_of_player,
        coalesce(repeated_ids.games_of_id, 1) as games_of_id,
        players_of_both_teams.game_id is not null as is_on_both_teams,
        coalesce(gamebook_teams.gamebook_rows_of_team, 0) as gamebook_rows_of_team
    from summary_rows
    left join repeated_keys
        on
            summary_rows.game_date = repeated_keys.game_date
            and coalesce(summary_rows.player_lookup, '') = repeated_keys.player_lookup
            and coalesce(summary_rows.team_abbr, '') = repeated_keys.team_abbr
    left join repeated_players
        on
            summary_rows.game_date = repeated_players.game_date
            and summary_rows.player_lookup = repeated_players.player_lookup
    left join repeated_ids
        on
            summary_rows.game_date = repeated_ids.game_date
            and summary_rows.universal_player_id = repeated_ids.universal_player_id
    left join players_of_both_teams
        on
            summary_rows.game_id = players_of_both_teams.game_id
            and summary_rows.universal_player_id = players_of_both_teams.universal_player_id
    left join gamebook_teams
        on
            summary_rows.game_id = gamebook_teams.game_id
            and summary_rows.team_abbr = gamebook_teams.team_abbr

),

{% if 'team_games' in asked or 'games' in asked or 'date_averages' in asked or 'date_teams' in asked -%}
team_totals as (

    select
        game_date,
        game_id,
        team_abbr,
        -- The less precise source of the two sorts first.
        min(case when is_active then primary_source_used end) as source_name,
        max(case when is_home then 1 else 0 end) as is_home,
        count(case when is_active then 1 end) as active_players,
        count(case when is_active and minutes_played = 0 and actions = 0 then 1 end) as idle_players,
        count(case when has_nbac_gamebook then 1 end) as gamebook_rows,
        count(case when has_bdl_boxscores then 1 end) as balldontlie_rows,
        sum(minutes_played) as team_minutes,
        max(minutes_played) - min(minutes_played) as minutes_spread,
        round({{ team_minutes_gap('sum(minutes_played)') }}, 2) as minutes_gap,
        sum(plus_minus) as plus_minus,
        count(plus_minus) as plus_minus_count,
        count(case when plus_minus > 0 then 1 end) as plus_rows,
        count(case when plus_minus < 0 then 1 end) as minus_rows,
        count(case when minutes_played > 1 and has_nbac_gamebook and plus_minus is null then 1 end) as plus_minus_lost,
        {%- for statistic in statistics %}
        sum({{ statistic }}) as {{ statistic }},
        {%- endfor %}
        {%- for statistic in _uneven() %}
        max({{ statistic }}) - min({{ statistic }}) as {{ statistic }}_spread,
        {%- endfor %}
        cast(
            round(
                sum(100 * (fg_attempts - offensive_rebounds + turnovers) + 44 * ft_attempts) / 100.0
            ) as int64
        ) as possessions
    from summary_rows
    group by game_date, game_id, team_abbr

),

team_games as (

    select
        *,
        {{ _names_where([
            'assists', 'total_rebounds', 'defensive_rebounds', 'turnovers', 'personal_fouls', 'fg_makes', 'fg_attempts',
        ], ' = 0') }} as nothing_of,
        {%- for statistic in modules.re.findall('opponent_([a-z_]+)', asked | string) | unique %}
        case
            when count(*) over in_game = 2 then sum({{ statistic }}) over in_game - {{ statistic }}
        end as opponent_{{ statistic }},
        {%- endfor %}
        count(*) over (partition by game_date, team_abbr) as games_of_team
    from team_totals
    window in_game as (partition by game_id)

),

{% endif -%}
{% if 'games' in asked -%}
game_totals as (

    select
        game_date,
        game_id,
        count(*) as team_count,
        sum(is_home) as home_team_count,
        count(case when gamebook_rows > 0 then 1 end) as teams_in_gamebook,
        count(case when balldontlie_rows > 0 then 1 end) as teams_in_balldontlie,
        min(points) as least_points,
        max(points) as most_points,
        sum(fg_attempts - fg_makes - total_rebounds) as unrebounded,
        sum(active_players) as active_players,
        {%- for statistic in _uneven() %}
        max({{ statistic }}_spread) as {{ statistic }}_spread,
        {%- endfor %}
        {%- for statistic in ['offensive_rebounds', 'steals', 'three_pt_attempts', 'ft_attempts'] %}
        sum({{ statistic }}) as {{ statistic }}{{ ',' if not loop.last }}
        {%- endfor %}
    from team_totals
    group by game_date, game_id

),

games as (

    select
        *,
        {{ _names_where(['offensive_rebounds', 'steals', 'three_pt_attempts', 'ft_attempts'], ' = 0') }} as nothing_of,
        {{ _names_where(_uneven(), '_spread = 0') }} as same_of
    from game_totals

),

{% endif -%}
{% if 'game_columns' in asked -%}
game_columns as (

    {% set pairs = [] -%}
    {%- for first in _told_apart() -%}
        {%- for second in _told_apart()[loop.index:] -%}
            {%- do pairs.append((
                first ~ ' and ' ~ second,
                'max(' ~ first ~ ') > 0 and count(case when ' ~ first ~ ' != ' ~ second ~ ' then 1 end) = 0'
            )) -%}
        {%- endfor -%}
    {%- endfor -%}
    select
        game_date,
        game_id,
        count(*) as active_players,
        {{ names_of(pairs) }} as equal_of
    from summary_rows
    where is_active
    group by game_date, game_id

),

{% endif -%}
{% if 'dates' in asked -%}
dates as (

    select
        game_date,
        count(*) as row_count,
        count(distinct game_id) as game_count,
        count(*) - count(minutes_played) as null_minutes,
        {{ percent_of('count(*) - count(minutes_played)', 'count(*)') }} as null_minutes_pct,
        count(plus_minus) as plus_minus_count,
        count(case when is_active and has_nbac_gamebook then 1 end) as gamebook_rows,
        count(case when player_status = 'dnp' and has_nbac_gamebook then 1 end) as dnp_rows,
        count(case when player_status = 'dnp' and has_nbac_gamebook and dnp_reason is null then 1 end) as reasons_lost,
        count(case when player_status = 'inactive' and has_nbac_gamebook then 1 end) as inactive_rows,
        count(
            case when is_active and has_nbac_gamebook and minutes_played = 0 and actions = 0 then 1 end
        ) as idle_rows,
        count(case when has_nbac_gamebook and minutes_played > 0 then 1 end) as timed_rows,
        count(
            case when has_nbac_gamebook and minutes_played > 0 and 4 * minutes_played = floor(4 * minutes_played) then 1 end
        ) as quarter_rows,
        count(distinct case when is_active then team_abbr end) as team_count,
        sum(blocks) as blocks,
        sum(assists) as assists,
        {%- for shot in ['fg', 'three_pt', 'ft'] %}
        sum({{ shot }}_makes) as {{ shot }}_makes,
        sum({{ shot }}_attempts) as {{ shot }}_attempts,
        {%- endfor %}
        {{ percent_of('sum(assists)', 'sum(fg_makes)') }} as assisted_pct
    from summary_rows
    group by game_date

),

{% endif -%}
{% if 'date_averages' in asked -%}
averages as (

    select
        game_date,
        count(*) as team_count,
        {%- for statistic in _averaged() %}
        avg({{ statistic }}) as {{ statistic }}{{ ',' if not loop.last }}
        {%- endfor %}
    from team_totals
    group by game_date

),

date_averages as (

    {{ _with_expected('date_averages', 'averages', 'team_count', 'average', {'lowest': 'min_value', 'highest': 'max_value'}) }}

),

{% endif -%}
{% if 'date_statistics' in asked -%}
correlations as (

    select
        game_date,
        count(minutes_played) as row_count,
        {%- for statistic in statistics %}
        {{ _correlation(statistic) }} as {{ statistic }},
        {%- endfor %}
        {{ _correlation('abs(plus_minus)') }} as plus_minus
    from summary_rows
    where is_active
    group by game_date

),

date_statistics as (

    {{ _with_expected('date_statistics', 'correlations', 'row_count', 'correlation', {
        'expected': 'min_value', 'margin': 'max_value', 'ceiling': 'error_above'
    }) }}

),

{% endif -%}
{% if 'date_teams' in asked -%}
date_teams as (

    select
        game_date,
        sum(plus_minus_count) as row_count,
        sum(case when plus_minus > 0 then minus_rows when plus_minus < 0 then plus_rows else 0 end) as against_rows,
        sum(minus_rows) as minus_rows,
        count(case when steals = 0 then 1 end) as teams_without_steals,
        count(case when offensive_rebounds = 0 then 1 end) as teams_without_offensive_rebounds,
        count(case when blocks = 0 then 1 end) as teams_without_blocks,
        count(case when ft_attempts > 0 and ft_makes = ft_attempts then 1 end) as teams_without_missed_free_throws,
        count(*) as team_count
    from team_totals
    group by game_date

),

{% endif -%}
{% if 'date_noughts' in asked -%}
noughts as (

    select
        game_date,
        count(*) as row_count,
        {%- for statistic in _missed() %}
        {{ percent_of('count(case when ' ~ statistic ~ ' = 0 then 1 end)', 'count(' ~ statistic ~ ')') }} as {{ statistic }}
        {{- ',' if not loop.last }}
        {%- endfor %}
    from summary_rows
    where is_active and minutes_played is not null
    group by game_date

),

date_noughts as (

    {{ _with_expected('date_noughts', 'noughts', 'row_count', 'nought_pct', {'lowest': 'min_value', 'highest': 'max_value'}) }}

),

{% endif -%}
{% if 'windows' in asked -%}
windows as (

    select
        date '{{ last_date_of_window() }}' as game_date,
        count(*) as row_count,
        {{ baseline_rows }} as baseline_rows,
        {{ percent_of('abs(count(*) - ' ~ baseline_rows ~ ')', baseline_rows) }} as deviation_pct
    from summary_rows

),

{% endif -%}
{% if player_rows is not none -%}
source_rows as (

    select * from {{ player_rows }}
    where {{ in_window('game_date') }}

),

{% endif -%}
{% if 'source_games' in asked -%}
source_games as (

    select
        source_name,
        game_date,
        game_id,
        max(same_box_score_as) as same_box_score_as,
        max(case when is_shifted_date then 1 else 0 end) = 1 as is_shifted_date,
        count(case when is_turned_round then 1 end) as turned_round_rows
    from source_rows
    group by source_name, game_date, game_id

),

{% endif -%}
{% if 'source_teams' in asked -%}
scored as (

    select
        game_date,
        game_id,
        team_abbr,
        nullif(max(team_score), 0) as team_score,
        sum(case when source_name = 'nbac_gamebook' then points end) as nbac_points,
        sum(case when source_name = 'bdl_boxscores' then points end) as bdl_points,
        {%- for is_known, name in [('is_of_registered_team', 'registered_players'), ('not is_of_registered_team', 'strangers')] %}
        greatest(
            count(case when {{ is_known }} and source_name = 'nbac_gamebook' then 1 end),
            count(case when {{ is_known }} and source_name = 'bdl_boxscores' then 1 end)
        ) as {{ name }}{{ ',' if not loop.last }}
        {%- endfor %}
    from source_rows
    where exclusion_reason is null
    group by game_date, game_id, team_abbr

),

source_teams as (

    select
        *,
        least(
            abs(team_score - coalesce(nbac_points, bdl_points)),
            abs(team_score - coalesce(bdl_points, nbac_points))
        ) as score_gap
    from scored

),

{% endif -%}
{% if 'source_strangers' in asked -%}
source_strangers as (

    select
        game_date,
        game_id,
        team_abbr,
        count(case when source_name = 'nbac_gamebook' then 1 end) as gamebook_strangers,
        count(
            case when source_name = 'bdl_boxscores' and exclusion_reason is null then 1 end
        ) as balldontlie_strangers,
        count(exclusion_reason) as surplus_players
    from source_rows
    where
        exclusion_reason = 'surplus_player'
        or exclusion_reason is null and player_status = 'active' and not is_of_registered_team
    group by game_date, game_id, team_abbr

),

{% endif -%}
{% if 'source_differences' in asked or 'source_pairs' in asked -%}
pairs as (

    select
        nbac.game_date,
        nbac.game_id,
        nbac.team_abbr,
        nbac.player_lookup,
        case
            when abs(nbac.minutes_played - bdl.minutes_played) > 1
                then abs(nbac.minutes_played - bdl.minutes_played)
            else 0
        end as minutes_played,
        {%- for statistic in statistics %}
        abs(coalesce(nbac.{{ statistic }}, 0) - coalesce(bdl.{{ statistic }}, 0)) as {{ statistic }}
        {{- ',' if not loop.last }}
        {%- endfor %}
    from source_rows as nbac
    inner join source_rows as bdl
        on
            nbac.game_date = bdl.game_date
            and nbac.player_lookup = bdl.player_lookup
            and nbac.team_abbr = bdl.team_abbr
    where
        nbac.source_name = 'nbac_gamebook'
        and bdl.source_name = 'bdl_boxscores'
        and nbac.exclusion_reason is null
        and bdl.exclusion_reason is null
        -- balldontlie leaves some lines empty. Who has one there has played.
        and bdl.player_status = 'active'

),

source_pairs as (

    select
        *,
        {{ percent_of('differing_rows', 'row_count') }} as differing_pct
    from (
        select
            game_date,
            count(*) as row_count,
            count(case when greatest(minutes_played, {{ statistics | join(', ') }}) > 0 then 1 end) as differing_rows
        from pairs
        group by game_date
    ) as counted_pairs

),

pair_differences as (

    select
        pairs.game_date,
        pairs.game_id,
        pairs.team_abbr,
        pairs.player_lookup,
        statistics.statistic,
        {{ _by_statistic('statistics', 'pairs', ['minutes_played'] + statistics) }} as difference
    from pairs
    cross join {{ literal_rows('statistics', {'statistic': ['minutes_played'] + statistics}) }}

),

source_differences as (

    select
        game_date,
        game_id,
        team_abbr,
        statistic,
        sum(difference) as difference,
        max(difference) as largest,
        count(*) as differing_rows,
        {{ first_and_last('player_lookup', 'true') }} as differing_players
    from pair_differences
    where difference > 0
    group by game_date, game_id, team_abbr, statistic

),

{% endif -%}
{% if 'keys' in asked -%}
keys as (

    {{ keys_of_one_side(['game_date', 'player_lookup', 'team_abbr'], 'source_rows', 'player_games') }}

),

{% endif -%}
{% if 'published_games' in asked -%}
published_games as (

    select
        published.game_date,
        published.game_id,
        count(*) as row_count,
        count(window_teams.team_abbr) + count(raw_teams.team_abbr) > 0 as is_in_sources
    from ({{ published }}) as published
    left join (
        select game_date, team_abbr from player_games group by game_date, team_abbr
    ) as window_teams
        on published.game_date = window_teams.game_date and published.team_abbr = window_teams.team_abbr
    left join ({{ raw_teams }}) as raw_teams
        on published.game_date = raw_teams.game_date and published.team_abbr = raw_teams.team_abbr
    where {{ 'false' if var('accept_lost_games') else 'true' }}
    group by published.game_date, published.game_id

),

{% endif -%}
{% for subject, found in asked.items() -%}
broken_{{ subject }} as (

    {{ _broken(subject, found) }}

),

{% endfor -%}
all_findings as (

    {% for subject in asked %}
    select * from broken_{{ subject }}
    {{- '\n    union all' if not loop.last }}
    {% endfor %}

)

select * from all_findings
{%- if only_rules() %}
-- Google's own implementation of GoogleSQL takes no query with a part that nothing reads.
where
    (select count(*) from player_games) + (select count(*) from limits)
    {{ '+ (select count(*) from team_games)' if 'games' in asked or 'date_averages' in asked or 'date_teams' in asked }}
    {{ '+ (select count(*) from source_rows)' if player_rows is not none }}
    {{ '+ (select count(*) from (' ~ raw_teams ~ ') as raw_teams)' if raw_teams is not none }}
    >= 0
{%- endif %}
{%- endmacro %}

{# The rules of the families, or of all, by their subject; those on other relations only where these are there. #}
{% macro _rules_of(families, has_player_rows, has_published) %}
    {% set of_sources = [
        'source_rows', 'source_games', 'keys', 'source_teams', 'source_strangers', 'source_pairs', 'source_differences',
    ] %}
    {% set asked = {} %}
    {% set numbers = [] %}
    {% for subject, found in rules().items() %}
        {% for rule in found %}
            {% do numbers.append(rule.rule) %}
            {% do rule.update({'rule_number': numbers | length}) %}
        {% endfor %}
        {% set of_families = found if families is none else found | selectattr('family', 'in', families) | list %}
        {% if only_rules() %}{% set of_families = of_families | selectattr('rule', 'in', only_rules()) | list %}{% endif %}
        {% set is_there = has_player_rows or subject not in of_sources %}
        {% if of_families and is_there and (has_published or subject != 'published_games') %}
            {% do asked.update({subject: of_families}) %}
        {% endif %}
    {% endfor %}
    {{ return(asked) }}
{% endmacro %}

{# The rules to ask alone, none for all. A unit test of a few rules overrides it. #}
{% macro only_rules() %}{{ return(none) }}{% endmacro %}

{# The thresholds that the rules name, one row with a column each. One that is missing ends the query. #}
{% macro _limits(asked) -%}
    {%- set columns = {'min': 'min_value', 'max': 'max_value', 'warn': 'warn_above', 'error': 'error_above'} -%}
    {%- set named = {'limit_name': [], 'metric': [], 'bound': []} -%}
    {%- for metric, bound in modules.re.findall('limits[.]([a-z_]+)_(min|max|warn|error)\\b', asked | string) | unique -%}
        {%- do named.limit_name.append(metric ~ '_' ~ bound) -%}
        {%- do named.metric.append(metric) -%}
        {%- do named.bound.append(columns[bound]) -%}
    {%- endfor -%}
    {%- if not named.metric -%}
        select count(*) as metric_count from thresholds
    {%- else -%}
    select
        {%- for name in named.limit_name %}
        max(case limit_name when '{{ name }}' then limit_value end) as {{ name }}{{ ',' if not loop.last }}
        {%- endfor %}
    from (
        select
            named.limit_name,
            coalesce(
                case named.bound
                    {%- for bound in columns.values() %}
                    when '{{ bound }}' then thresholds.{{ bound }}
                    {%- endfor %}
                end,
                cast(
                    error(concat('quality_thresholds has no ', named.bound, ' of the metric ', named.metric, '.'))
                    as numeric
                )
            ) as limit_value
        from {{ literal_rows('named', named) }}
        left join thresholds on named.metric = thresholds.metric
    ) as named_limits
    {%- endif %}
{%- endmacro %}

{# The rows of a subject that break one of its rules, a row per rule. Few do, so those are found first. #}
{% macro _broken(subject, rules_of_subject) -%}
    {%- set of_player = subject in ['player_games', 'source_rows', 'keys'] -%}
    {%- set of_team = of_player or subject in ['team_games', 'source_teams', 'source_strangers', 'source_differences'] -%}
    {%- set of_game = subject not in ['keys', 'windows', 'source_pairs'] and not subject.startswith('date') -%}
    {%- set limits = modules.re.findall('limits[.](\\w+)', rules_of_subject | string) | unique | list -%}
    {%- set by_rule = _by_rule(rules_of_subject) -%}
    select
        measured.game_date,
        cast(broken.rule_number as int64) as rule_number,
        broken.rule,
        {{ by_rule.severity }} as severity,
        {{ 'measured.game_id' if of_game else 'cast(null as string)' }} as game_id,
        {{ 'measured.team_abbr' if of_team else 'cast(null as string)' }} as team_abbr,
        {{ 'measured.player_lookup' if of_player else 'cast(null as string)' }} as player_lookup,
        cast({{ by_rule.figure }} as numeric(18, 2)) as figure,
        cast({{ by_rule.threshold }} as numeric(18, 2)) as threshold,
        {{ by_rule.shows }} as example,
        broken.sentence
    from (
        select * from {{ subject }}
        {%- if limits %}
        cross join (select {{ limits | join(', ') }} from limits) as limits
        {%- endif %}
        where {% for rule in rules_of_subject %}{{ ' or ' if not loop.first }}({{ rule.broken }}){% endfor %}
    ) as measured
    cross join {{ literal_rows('broken', {
        'rule_number': rules_of_subject | map(attribute='rule_number') | list,
        'rule': rules_of_subject | map(attribute='rule') | list,
        'sentence': rules_of_subject | map(attribute='sentence') | list,
    }) }}
    where {{ by_rule.broken }}
{%- endmacro %}

{#
    The parts of each rule of a subject, by the rule's number; what most say is said once. In one macro, since the gate
    asks for all of them before each window, and dbt takes longer to call a macro than this one for a rule.
#}
{% macro _by_rule(rules_of_subject) %}
    {# Engines disagree on the trailing zeros of decimals. #}
    {% set decimals = ['minutes_played', 'team_minutes', 'minutes_gap', 'largest', 'efg_pct', 'ts_pct'] %}
    {% set two_decimals = with_two_decimals('COLUMN') | trim %}
    {% set by_rule = {} %}
    {% for part, others in {
        'severity': "'error'", 'figure': 'null', 'threshold': 'null', 'shows': 'null', 'broken': 'null'
    }.items() %}
        {% set cases = [] %}
        {% for rule in rules_of_subject %}
            {% if part == 'shows' %}
                {% set values = [] %}
                {% for column in rule.shows %}
                    {% set value = two_decimals | replace('COLUMN', column) if column in decimals else 'cast(' ~ column ~ ' as string)' %}
                    {% do values.append("'" ~ (', ' if not loop.first) ~ column ~ " ', coalesce(" ~ value ~ ", 'NULL')") %}
                {% endfor %}
                {% set sql = 'concat(' ~ values | join(', ') ~ ')' %}
            {% elif part == 'severity' and rule.severity in ['error', 'warning'] %}
                {% set sql = "'" ~ rule.severity ~ "'" %}
            {% else %}
                {% set sql = (rule.get(part) or 'null') | replace('limits.', 'measured.') %}
            {% endif %}
            {% if sql != others %}{% do cases.append('\n        when ' ~ rule.rule_number ~ ' then ' ~ sql) %}{% endif %}
        {% endfor %}
        {% do by_rule.update({
            part: 'case broken.rule_number' ~ cases | join ~ '\n        else ' ~ others ~ '\n    end' if cases else others
        }) %}
    {% endfor %}
    {{ return(by_rule) }}
{% endmacro %}

{# The names of those columns of which it is true what follows their name, as text; NULL where none is. #}
{% macro _names_where(columns, condition) -%}
    {%- set named = [] -%}
    {%- for column in columns -%}{%- do named.append((column, column ~ condition)) -%}{%- endfor -%}
    {{ names_of(named) }}
{%- endmacro %}
