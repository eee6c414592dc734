//! One timing wheel for all deadlines of a hub's connections.

use super::conns::ConnKey;

/// A moment in a hub's life, in [`TICK`]s since its start.
pub(in super::super) type Tick = u32;

/// No moment at all.
pub(in super::super) const NEVER: Tick = Tick::MAX;

/// How finely deadlines are kept.
pub(in super::super) const TICK: std::time::Duration = std::time::Duration::from_millis(100);

const SLOTS: u32 = 512;

/// Whose deadline may be due, and when it was set for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Alarm {
    pub(super) key: ConnKey,
    pub(super) at: Tick,
}

/// Alarms by their tick. One that lies beyond the wheel's turn stands at its end and is set again from there.
pub(super) struct Wheel {
    slots: Vec<Vec<Alarm>>,
    now: Tick,
}

impl Wheel {
    pub(super) fn new() -> Self {
        Self { slots: (0..SLOTS).map(|_| Vec::new()).collect(), now: 0 }
    }

    /// Sets an alarm and returns the tick at which it will ring: never after `at`, nor before the next tick.
    pub(super) fn set(&mut self, key: ConnKey, at: Tick) -> Tick {
        let at = at.clamp(self.now.saturating_add(1), self.now.saturating_add(SLOTS - 1));
        if let Some(slot) = usize::try_from(at % SLOTS).ok().and_then(|slot| self.slots.get_mut(slot)) {
            slot.push(Alarm { key, at });
        }
        at
    }

    /// Moves on to `now` and gives the alarms that ring, one after the other.
    pub(super) fn ring(&mut self, now: Tick, ringing: &mut Vec<Alarm>) {
        while self.now < now {
            self.now += 1;
            if let Some(slot) = usize::try_from(self.now % SLOTS).ok().and_then(|slot| self.slots.get_mut(slot)) {
                ringing.append(slot);
                if slot.capacity() > 4096 {
                    *slot = Vec::new();
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alarms_ring_at_their_tick_and_far_ones_at_the_end_of_the_turn() {
        let mut wheel = Wheel::new();
        let key = |index| ConnKey { index, generation: 0 };
        assert_eq!(wheel.set(key(1), 3), 3);
        assert_eq!(wheel.set(key(2), 0), 1, "the past rings at once");
        assert_eq!(wheel.set(key(3), 100_000), SLOTS - 1);
        let mut ringing = Vec::new();
        wheel.ring(2, &mut ringing);
        assert_eq!(ringing.drain(..).map(|alarm| alarm.key.index).collect::<Vec<_>>(), [2]);
        wheel.ring(600, &mut ringing);
        assert_eq!(ringing.iter().map(|alarm| alarm.key.index).collect::<Vec<_>>(), [1, 3]);
    }
}
