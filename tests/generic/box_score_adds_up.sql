{# The identities that every box score obeys. One row per row and rule broken. #}
{% test box_score_adds_up(model) %}
{%- set rules = {
    'points are 2 * (FGM - 3PM) + 3 * 3PM + FTM':
        'points != 2 * (fg_makes - three_pt_makes) + 3 * three_pt_makes + ft_makes',
    'rebounds are offensive + defensive':
        'total_rebounds != offensive_rebounds + defensive_rebounds',
    'FGM <= FGA': 'fg_makes > fg_attempts',
    '3PM <= 3PA': 'three_pt_makes > three_pt_attempts',
    'FTM <= FTA': 'ft_makes > ft_attempts',
    '3PM <= FGM': 'three_pt_makes > fg_makes',
    '3PA <= FGA': 'three_pt_attempts > fg_attempts',
} -%}

with

box_scores as (

    select * from {{ model }}

)

{% for rule, broken in rules.items() %}
    select
        game_date,
        team_abbr,
        player_lookup,
        '{{ rule }}' as broken_rule
    from box_scores
    where {{ broken }}
    {%- if not loop.last %}

    union all

    {%- endif %}
{% endfor %}

{% endtest %}
