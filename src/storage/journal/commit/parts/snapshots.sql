shots as (
  select * from unnest($1::bigint[], $2::bigint[], $3::smallint[], $4::bigint[], $5::timestamptz[], $6::bytea[], $7::bytea[],
                       $8::bytea[], $9::bigint[])
    as s (entity, seq, version, pub_offset, at, chain, digest, body, keep_from)
  where (select ok from fence)
),
shots_in as (
  insert into snapshot (entity, seq, version, pub_offset, at, chain, digest, body)
  select entity, seq, version, pub_offset, at, chain, digest, body from shots
  on conflict (entity, seq) do nothing
),
shots_out as (
  delete from snapshot old using shots s where old.entity = s.entity and old.seq < s.keep_from
)
