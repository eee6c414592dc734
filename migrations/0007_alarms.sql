-- The past of alarm clocks, and the devices that people are reached on.
-- Homes: src/storage/alarms.rs (the views), devices.rs (device).

-- Decisions about alarm clocks, for their logs: read by the journal's own key.
create view pub_engine_alarm_decision as
select entity, seq, at, body
from journal
where kind = 4;

-- Notices that an alarm rings.
create view pub_engine_alarm_notice as
select entity, seq, at
from journal
where kind = 2 and position('"alarm.ringing"'::bytea in body) > 0;

create table device (
  id bigint generated always as identity,
  user_id bigint not null,
  kind text not null,
  -- A token of the push service, or the endpoint of a browser. Whoever registers it last owns it: a phone changes hands.
  address text not null,
  -- Addresses are too long for an index.
  address_hash bytea not null,
  -- The browser's public key and secret, for web push.
  p256dh bytea,
  auth bytea,
  created_at timestamptz not null,
  seen_at timestamptz not null,
  constraint device_pkey primary key (id),
  constraint device_user_fk foreign key (user_id) references user_account (id) on delete cascade,
  constraint device_kind_known check (kind in ('fcm', 'web_push')),
  constraint device_once unique (kind, address_hash),
  constraint device_address_length check (length(address) between 1 and 4096),
  constraint device_hash_length check (length(address_hash) = 32),
  constraint device_keys check (
    (kind = 'web_push') = (p256dh is not null and auth is not null)
    and (p256dh is null or length(p256dh) = 65) and (auth is null or length(auth) = 16)
  )
);
create index device_of_user on device (user_id);
