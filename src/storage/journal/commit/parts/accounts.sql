-- Each account changes once, by the sum of all changes: those of the holds, of the legs, or of both.
changes as (
  select owner_kind, owner, currency, sum(balance)::bigint as balance, sum(held)::bigint as held
  from ({changes}) as change (owner_kind, owner, currency, balance, held)
  group by owner_kind, owner, currency
),
accounts as (
  update account a set balance = a.balance + c.balance, held = a.held + c.held
  from changes c
  where a.owner_kind = c.owner_kind and a.owner = c.owner and a.currency = c.currency
    and (c.balance <> 0 or c.held <> 0)
)
