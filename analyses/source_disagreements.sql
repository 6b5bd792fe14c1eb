{# In how many rows of the window balldontlie disagrees with the gamebook, by what it is about. #}
{%- set kinds = ['minutes'] + counted_statistics() %}
with

disagreeing as (

    select
        game_id,
        player_full_name,
        sources_disagree
    from {{ ref('player_game_summary') }}
    where {{ in_window('game_date') }} and sources_disagree is not null

),

final as (

    {% for kind in kinds %}
        select
            '{{ kind }}' as kind,
            count(*) as row_count,
            min(concat(game_id, ' ', player_full_name)) as example
        from disagreeing
        where {{ is_named('sources_disagree', kind) }}
        {{ 'union all' if not loop.last }}
    {% endfor %}

)

select * from final -- noqa: CV13
where row_count > 0
order by row_count desc, kind asc
