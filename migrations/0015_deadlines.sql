-- At a minute at which everybody's alarm is due, a hundred thousand deadlines have the same moment: pages of them are found
-- by moment and entity, without sorting them all for each page.
create index timer_due_entity on timer (due_at, entity);
drop index timer_due;
