timers_set as (
  insert into timer (entity, name, shard, due_at, fire_id)
  select t.entity, 'wake', t.shard, t.due_at, t.fire_id
  from unnest($1::bigint[], $2::smallint[], $3::timestamptz[], $4::uuid[]) as t (entity, shard, due_at, fire_id)
  where (select ok from fence)
  on conflict (entity, name) do update set due_at = excluded.due_at, fire_id = excluded.fire_id
)
