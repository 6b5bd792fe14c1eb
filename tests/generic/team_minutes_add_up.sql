{#
    A team's minutes in a game are 240 and 25 for each overtime, within the seed's tolerance for the
    source that gave them. Fails where the gamebook gave all of them; warns where balldontlie did,
    whose numbers are often wrong.
#}
{% test team_minutes_add_up(model) %}
{{ config(fail_calc=worst_verdict(), warn_if='>= 1', error_if='>= 2') }}

with

teams as (

    select
        game_id,
        team_abbr,
        -- The less precise source of the two sorts first.
        min(primary_source_used) as source_name,
        sum(minutes_played) as team_minutes
    from {{ model }}
    where is_active
    group by game_id, team_abbr

),

measured as (

    select
        *,
        round({{ team_minutes_gap('team_minutes') }}, 2) as gap
    from teams

)

select
    measured.*,
    thresholds.max_value,
    case when measured.source_name = 'nbac_gamebook' then 'error' else 'warn' end as verdict
from measured
inner join {{ ref('quality_thresholds') }} as thresholds
    on thresholds.metric = 'team_minutes_gap_' || measured.source_name
where measured.gap > thresholds.max_value

{% endtest %}
