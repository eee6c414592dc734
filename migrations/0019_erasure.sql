-- A deleted conversation's words leave the journal. Home: src/storage/journal/erase.rs.

-- What happened stays as it happened. One thing may go: the events of a conversation (kind 6) that has a later decision. Their
-- row keeps its place, its hashes and everything else.
create or replace function journal_is_append_only() returns trigger language plpgsql as $$
begin
  if tg_op = 'UPDATE' and old.kind = 6 and new.body = '[]'::bytea
    and (new.entity, new.seq, new.epoch, new.kind, new.version, new.cmd, new.actor_user, new.at, new.pub_offset, new.body_hash, new.chain)
      is not distinct from
      (old.entity, old.seq, old.epoch, old.kind, old.version, old.cmd, old.actor_user, old.at, old.pub_offset, old.body_hash, old.chain)
    and exists (select from journal where entity = old.entity and seq > old.seq)
  then
    return new;
  end if;
  raise exception 'the journal is append-only'
    using errcode = 'check_violation', constraint = 'journal_append_only', table = 'journal';
end $$;

-- The next start looks at those that were deleted before, and erases them.
update chat_card set seq = 0 where state = 'deleted';
