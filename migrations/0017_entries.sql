-- What an entry costs: one person's entries are looked for, never those of the world, which is a side of nearly every transfer of
-- points, nor those of what is pending. And the check of a statement's entries asks once for each transfer and account.
create index entry_of_user on entry (owner, transfer) where owner_kind = 'user';
drop index entry_of_account;

create or replace function entries_are_sound() returns trigger language plpgsql as $$
declare
  wrong record;
begin
  select g.transfer, g.total into wrong
  from (select transfer, currency, sum(amount) as total from added group by transfer, currency) g
  where g.total <> 0 or not exists (select from transfer t where t.id = g.transfer)
  limit 1;
  if found and wrong.total <> 0 then
    raise exception 'the entries of transfer % do not sum to zero', wrong.transfer
      using errcode = 'check_violation', constraint = 'entry_sum_zero', table = 'entry';
  elsif found then
    raise exception 'there is no transfer %', wrong.transfer
      using errcode = 'foreign_key_violation', constraint = 'entry_transfer', table = 'entry';
  end if;
  select g.transfer into wrong
  from (select owner_kind, owner, currency, min(transfer) as transfer from added group by owner_kind, owner, currency) g
  where not exists (select from account a where a.owner_kind = g.owner_kind and a.owner = g.owner and a.currency = g.currency)
  limit 1;
  if found then
    raise exception 'transfer % has an entry without an account', wrong.transfer
      using errcode = 'foreign_key_violation', constraint = 'entry_account', table = 'entry';
  end if;
  return null;
end $$;
