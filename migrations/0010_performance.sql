-- The ledger and the journal on the hot path: the database stays the judge, but judges a statement at a time.

-- A hold of nothing may keep its row for a while: an update in place touches no index, a delete and an insert touch two.
-- Such rows go when their entity goes to rest.
alter table hold drop constraint hold_positive;
alter table hold add constraint hold_not_negative check (amount >= 0);

-- Stops a statement that rests on something that is not so.
create function engine_insists(so boolean, name text) returns boolean language plpgsql as $$
begin
  if so is not true then
    raise exception 'what a statement rests on is not so: %', name
      using errcode = 'check_violation', constraint = name;
  end if;
  return true;
end $$;

-- Every entry belongs to a transfer and to an account: checked for all rows of a statement at once. A foreign key asks for
-- each row, which cost more than the rows themselves, and locks the account's row again for each. That nothing is taken away
-- from under an entry is simple here: transfers are append-only, and accounts are for ever.
alter table entry drop constraint entry_transfer;
alter table entry drop constraint entry_account;
drop trigger entry_sum_zero on entry;
drop function entries_sum_to_zero();
create function entries_are_sound() returns trigger language plpgsql as $$
declare
  wrong bigint;
begin
  select transfer into wrong from added group by transfer, currency having sum(amount) <> 0 limit 1;
  if found then
    raise exception 'the entries of transfer % do not sum to zero', wrong
      using errcode = 'check_violation', constraint = 'entry_sum_zero', table = 'entry';
  end if;
  select e.transfer into wrong from added e
  where not exists (select from account a where a.owner_kind = e.owner_kind and a.owner = e.owner and a.currency = e.currency)
  limit 1;
  if found then
    raise exception 'transfer % has an entry without an account', wrong
      using errcode = 'foreign_key_violation', constraint = 'entry_account', table = 'entry';
  end if;
  select e.transfer into wrong from added e where not exists (select from transfer t where t.id = e.transfer) limit 1;
  if found then
    raise exception 'there is no transfer %', wrong
      using errcode = 'foreign_key_violation', constraint = 'entry_transfer', table = 'entry';
  end if;
  return null;
end $$;
create trigger entry_sound after insert on entry
  referencing new table as added for each statement execute function entries_are_sound();

create function accounts_are_for_ever() returns trigger language plpgsql as $$
begin
  raise exception 'accounts are for ever'
    using errcode = 'check_violation', constraint = 'account_for_ever', table = 'account';
end $$;
create trigger account_for_ever before delete on account
  for each row execute function accounts_are_for_ever();
create trigger account_named_for_ever before update of owner_kind, owner, currency on account
  for each row execute function accounts_are_for_ever();
create trigger account_not_truncated before truncate on account
  for each statement execute function accounts_are_for_ever();

-- What happened stays as it happened, also all of it at once.
create trigger journal_not_truncated before truncate on journal
  for each statement execute function journal_is_append_only();
create trigger transfer_not_truncated before truncate on transfer
  for each statement execute function ledger_is_append_only();
create trigger entry_not_truncated before truncate on entry
  for each statement execute function ledger_is_append_only();
