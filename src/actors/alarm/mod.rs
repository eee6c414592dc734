//! The alarm kind at work: the rules are in `madang_domain::alarm`, the kernel keeps each person's clock. What is here joins
//! a clock to the tasks that stop it: [`mission`] asks and answers, [`tasks`] is where tasks come from, [`pack`] is what a
//! phone takes along offline.

pub mod mission;
pub mod pack;
pub mod tasks;

use madang_domain::ids::{EntityId, Kind, UserId};

pub use madang_domain::alarm::AlarmClock;

/// The alarm clock of a person; `None` where no person can have that number.
#[must_use]
pub fn alarm_id(user: UserId) -> Option<EntityId> {
    EntityId::new(Kind::Alarm, user.get())
}
