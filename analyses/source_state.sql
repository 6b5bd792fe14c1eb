{#
    All that the sources say of the seasons of the window, and what they are read by, as one text. Where it is the same
    as before, nba-backfill need not read them anew.
#}
{%- set seasons = in_seasons_of_window('game_date') ~ ' or ' ~ is_no_game_date('game_date') %}
{%- set read = {
    source('bdl', 'bdl_player_boxscores'): seasons,
    source('nbac', 'nbac_gamebook_player_stats'): seasons,
    source('nba_reference', 'nba_players_registry'): 'true',
    ref('player_aliases'): 'true',
    ref('quality_thresholds'): 'true',
    ref('seasons'): 'true',
    ref('team_aliases'): 'true',
} %}
with

fingerprints as (

    {% for relation, condition in read.items() %}
        select
            {{ loop.index }} as table_number,
            {{ fingerprint_of_rows(relation.identifier) }} as fingerprint
        from {{ relation }}
        where {{ condition }}
        {% if not loop.last %}union all{% endif %}
    {% endfor %}

),

final as (

    select string_agg(fingerprint, ' ' order by table_number) as fingerprint
    from fingerprints

)

select * from final
