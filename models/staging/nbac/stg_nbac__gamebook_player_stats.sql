{%- set counts = [
    'points', 'assists', 'total_rebounds', 'offensive_rebounds', 'defensive_rebounds',
    'steals', 'blocks', 'turnovers', 'personal_fouls', 'plus_minus',
    'field_goals_made', 'field_goals_attempted', 'three_pointers_made', 'three_pointers_attempted',
    'free_throws_made', 'free_throws_attempted',
] -%}
with

source as (

    select * from {{ source('nbac', 'nbac_gamebook_player_stats') }}
    where {{ in_any_partition('game_date') }}

),

renamed as (

    select
        ---------- ids
        game_id as source_game_id,

        ---------- strings
        coalesce(
            nullif(upper(trim(home_team_abbr)), ''),
            nullif({{ dbt.split_part('game_id', "'_'", 3) }}, '')
        ) as home_team_abbr,
        coalesce(
            nullif(upper(trim(away_team_abbr)), ''),
            nullif({{ dbt.split_part('game_id', "'_'", 2) }}, '')
        ) as away_team_abbr,
        upper(trim(team_abbr)) as team_abbr,
        coalesce(
            {{ player_lookup('player_lookup') }}, {{ player_lookup('player_name') }}
        ) as player_lookup,
        player_name as player_full_name,
        lower(trim(player_status)) as player_status,
        nullif(trim(dnp_reason), '') as dnp_reason,
        minutes as minutes_text,
        source_file_path,
        {{ self_contradictions(counts, [
            ('field goals', 'field_goal_percentage', 'field_goals_made', 'field_goals_attempted'),
            ('threes', 'three_point_percentage', 'three_pointers_made', 'three_pointers_attempted'),
            ('free throws', 'free_throw_percentage', 'free_throws_made', 'free_throws_attempted'),
        ], ['game_id', 'game_code'], minutes_played('minutes'), 'minutes_decimal', has_teams_in_id=true, others=[
            (
                'status and reason',
                "lower(trim(dnp_reason)) = 'inactive' and lower(trim(player_status)) != 'inactive'"
                " or trim(dnp_reason) != '' and lower(trim(player_status)) = 'active'"
            ),
            ('name', names_differ('player_lookup', 'player_name')),
        ]) }} as self_contradictions,

        ---------- numerics
        {{ minutes_played('minutes') }} as minutes_played,
        {{ count_of('points') }} as points,
        {{ count_of('assists') }} as assists,
        {{ count_of('total_rebounds') }} as total_rebounds,
        {{ count_of('offensive_rebounds') }} as offensive_rebounds,
        {{ count_of('defensive_rebounds') }} as defensive_rebounds,
        {{ count_of('steals') }} as steals,
        {{ count_of('blocks') }} as blocks,
        {{ count_of('turnovers') }} as turnovers,
        {{ count_of('personal_fouls') }} as personal_fouls,
        {{ count_of('plus_minus') }} as plus_minus,
        {{ count_of('field_goals_made') }} as fg_makes,
        {{ count_of('field_goals_attempted') }} as fg_attempts,
        {{ count_of('three_pointers_made') }} as three_pt_makes,
        {{ count_of('three_pointers_attempted') }} as three_pt_attempts,
        {{ count_of('free_throws_made') }} as ft_makes,
        {{ count_of('free_throws_attempted') }} as ft_attempts,

        ---------- booleans
        upper(trim(team_abbr)) = nullif(upper(trim(home_team_abbr)), '') as is_home_by_source,
        coalesce({{ minutes_unparseable('minutes') }}, false) as is_minutes_unparseable,

        ---------- dates and timestamps
        {{ date_of('game_date') }} as source_game_date,
        processed_at as source_processed_at

    from source

)

select * from renamed
