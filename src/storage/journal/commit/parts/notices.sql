notices as (
  insert into outbox (shard, entity, seq, n, target, body)
  select o.shard, o.entity, o.seq, o.n, o.target, o.body::jsonb
  from unnest($1::smallint[], $2::bigint[], $3::bigint[], $4::smallint[], $5::bigint[], $6::text[])
    as o (shard, entity, seq, n, target, body)
  where (select ok from fence)
)
