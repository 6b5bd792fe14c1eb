{# Every date on which there can have been a game, for metrics by day, month and year. #}
with

dates as (

    {{ dbt.date_spine('day', "cast('1946-11-01' as date)", "cast('2100-01-01' as date)") }}

),

final as (

    select cast(date_day as date) as date_day
    from dates

)

select * from final
