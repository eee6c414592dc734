-- What companies send to campaigns, and the durable jobs that make tasks of it.
-- Homes: src/storage/uploads.rs (upload, upload_file), jobs.rs (job).

create table upload (
  id bigint generated always as identity,
  campaign bigint not null,
  owner bigint not null,
  -- The request that asked for it: the same request means the same upload.
  command uuid not null,
  -- Name, type and size as they were announced.
  name text not null,
  media text not null,
  bytes bigint not null,
  -- Where the bytes lie until they are worked up.
  object text not null,
  -- Which texts become gold.
  gold_share_bp int not null default 0,
  gold_seed bigint not null default 0,
  state text not null default 'waiting',
  -- Why it failed as a whole.
  code text,
  message text,
  -- Known when the upload was unpacked; then how far it is.
  files int,
  files_done int not null default 0,
  files_refused int not null default 0,
  tasks int not null default 0,
  tasks_added int not null default 0,
  created_at timestamptz not null,
  changed_at timestamptz not null,
  constraint upload_pkey primary key (id),
  constraint upload_command_unique unique (owner, command),
  constraint upload_object_unique unique (object),
  constraint upload_state_known check (state in ('waiting', 'working', 'done', 'failed', 'expired')),
  constraint upload_name_length check (char_length(name) between 1 and 255),
  constraint upload_bytes_positive check (bytes > 0),
  constraint upload_gold_share check (gold_share_bp between 0 and 10000)
);
create index upload_of_campaign on upload (campaign, id desc);
create index upload_waiting on upload (created_at) where state = 'waiting';

-- One row for each file of an upload that is settled: its tasks, and what was wrong with it.
create table upload_file (
  upload bigint not null,
  n int not null,
  name text not null,
  -- Whether anything of it became a task.
  taken boolean not null,
  tasks jsonb not null default '[]',
  faults jsonb not null default '[]',
  constraint upload_file_pkey primary key (upload, n)
);
create index upload_file_faulty on upload_file (upload, n) where faults <> '[]';

-- Work that must be done once, whatever dies meanwhile. A worker holds a job by a lease that it renews; one whose lease
-- ran out is anybody's.
create table job (
  id bigint generated always as identity,
  kind text not null,
  subject bigint not null,
  state text not null default 'ready',
  tries int not null default 0,
  due_at timestamptz not null,
  -- Who has it: the node, the process, until when.
  node text,
  worker uuid,
  lease_until timestamptz,
  -- Why the last try failed.
  error text,
  created_at timestamptz not null,
  changed_at timestamptz not null,
  constraint job_pkey primary key (id),
  constraint job_once unique (kind, subject),
  constraint job_state_known check (state in ('ready', 'running', 'done', 'dead')),
  constraint job_leased check ((state = 'running') = (worker is not null and lease_until is not null))
) with (fillfactor = 70);
create index job_due on job (due_at) where state in ('ready', 'running');
