-- Campaigns: the lists' read rows, which request made which, and each person's answers in the journal.
-- Home: src/storage/campaigns.rs (campaign_card, campaign_request, the views below).

-- The row of one campaign in lists: written from its committed state, never ahead of it; `seq` says how new it is.
create table campaign_card (
  id bigint not null,
  seq bigint not null,
  owner bigint not null,
  state text not null,
  kind text not null,
  name text not null,
  tasks bigint not null,
  done bigint not null,
  review bigint not null,
  answers bigint not null,
  -- Points paid and pending.
  paid bigint not null,
  pending bigint not null,
  requested_at timestamptz not null,
  constraint campaign_card_pkey primary key (id),
  constraint campaign_card_state_known
    check (state in ('requested', 'approved', 'rejected', 'in_progress', 'paused', 'completed'))
) with (fillfactor = 70);
create index campaign_card_of_owner on campaign_card (owner, id desc);
create index campaign_card_of_state on campaign_card (state, id desc);

-- Which campaign a request made: the same request asked again means the same campaign.
create table campaign_request (
  user_id bigint not null,
  command uuid not null,
  campaign bigint not null,
  constraint campaign_request_pkey primary key (user_id, command)
);

-- What each person answered. Claims have no place in this index, so that they cost nothing here.
create index journal_of_labeler on journal (actor_user, at, entity, seq)
  where kind = 3 and actor_user is not null and position('"answered'::bytea in body) > 0;

create view pub_engine_label_answer as
select entity & ((1::bigint << 44) - 1) as campaign, entity, seq, actor_user, at, body
from journal
where kind = 3 and actor_user is not null and position('"answered'::bytea in body) > 0;

-- The newest decision about each campaign, one index probe for each number that was ever given out.
create view pub_engine_campaign_head as
select n.campaign, j.seq
from generate_series(1, (select last_value from number_campaign)) as n (campaign)
cross join lateral (
  select seq from journal where entity = ((3::bigint << 44) | n.campaign) order by seq desc limit 1
) as j;
