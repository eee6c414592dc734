-- Emptied holds of entities that go to rest.
holds_swept as (
  delete from hold old using unnest($1::bigint[]) as s (entity)
  where old.entity = s.entity and old.amount = 0 and (select ok from fence)
)
