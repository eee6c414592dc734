events as (
  insert into journal (entity, seq, epoch, kind, version, cmd, actor_user, at, pub_offset, body_hash, chain, body)
  select e.* from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::smallint[], $5::smallint[], $6::uuid[], $7::bigint[],
                         $8::timestamptz[], $9::bigint[], $10::bytea[], $11::bytea[], $12::bytea[]) as e
  where (select ok from fence)
)
