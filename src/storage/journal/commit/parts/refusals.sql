refusals as (
  insert into refusal (entity, cmd, actor_user, at, at_seq, code, message, detail, command)
  select r.entity, r.cmd, r.actor_user, r.at, r.at_seq, r.code, r.message, r.detail::jsonb, r.command::jsonb
  from unnest($1::bigint[], $2::uuid[], $3::bigint[], $4::timestamptz[], $5::bigint[], $6::text[], $7::text[], $8::text[],
              $9::text[]) as r (entity, cmd, actor_user, at, at_seq, code, message, detail, command)
  where (select ok from fence)
)
