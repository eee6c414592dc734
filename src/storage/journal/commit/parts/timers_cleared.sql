timers_cleared as (
  delete from timer t using unnest($1::bigint[]) as c (entity)
  where t.entity = c.entity and t.name = 'wake' and (select ok from fence)
)
