-- Points and stamps are ledger money like any other; companies bring work; three more kinds of live things.

alter table user_account drop constraint user_account_roles_known;
alter table user_account add constraint user_account_roles_known check (
  roles <@ array['user', 'seller', 'clerk', 'company', 'admin'] and 'user' = any (roles)
);

-- What is earned but not proved yet lies in an account of its own, which can be emptied but not overdrawn.
alter table account drop constraint account_owner_kind_check;
alter table account add constraint account_owner_kind_check check (owner_kind in ('user', 'pending', 'house', 'tax', 'world'));
alter table account add constraint account_pending_not_negative check (owner_kind <> 'pending' or balance >= 0);

-- Double entry, once for each statement that writes entries (a transfer's entries come in one): in each currency of each
-- transfer they sum to zero. For each row, as before, the check cost more than the insert.
drop trigger entry_sum_zero on entry;
drop function entry_sum_is_zero();
create function entries_sum_to_zero() returns trigger language plpgsql as $$
declare
  wrong bigint;
begin
  select transfer into wrong from added group by transfer, currency having sum(amount) <> 0 limit 1;
  if found then
    raise exception 'the entries of transfer % do not sum to zero', wrong
      using errcode = 'check_violation', constraint = 'entry_sum_zero', table = 'entry';
  end if;
  return null;
end $$;
create trigger entry_sum_zero after insert on entry
  referencing new table as added for each statement execute function entries_sum_to_zero();

create sequence number_campaign;
create sequence number_raffle;
