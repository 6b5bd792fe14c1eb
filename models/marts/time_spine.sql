{# Every date on which there can have been a game, for metrics by day, month and year. #}
with

final as (

    {{ dates_between('1946-11-01', '2099-12-31') }}

)

select * from final
