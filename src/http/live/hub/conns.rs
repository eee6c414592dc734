//! The connections of one hub, by number.

use super::conn::Conn;

/// Names a connection for as long as it lives: its place, and how often that place was used before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ConnKey {
    pub(super) index: u32,
    pub(super) generation: u32,
}

impl ConnKey {
    /// Nobody's.
    pub(super) const NOBODY: Self = Self { index: u32::MAX, generation: u32::MAX };
}

#[derive(Default)]
struct Place {
    generation: u32,
    conn: Option<Conn>,
}

/// A slab of connections.
#[derive(Default)]
pub(super) struct Conns {
    places: Vec<Place>,
    free: Vec<u32>,
    count: usize,
}

fn slot(index: u32) -> usize {
    usize::try_from(index).unwrap_or(usize::MAX)
}

impl Conns {
    /// Sets a place aside.
    pub(super) fn reserve(&mut self) -> ConnKey {
        self.count += 1;
        if let Some(index) = self.free.pop() {
            let generation = self.places.get(slot(index)).map_or(0, |place| place.generation);
            return ConnKey { index, generation };
        }
        let index = u32::try_from(self.places.len()).unwrap_or(u32::MAX);
        self.places.push(Place::default());
        ConnKey { index, generation: 0 }
    }

    /// Gives a reserved place back.
    pub(super) fn release(&mut self, key: ConnKey) {
        if let Some(place) = self.places.get_mut(slot(key.index)) {
            place.generation = place.generation.wrapping_add(1);
            place.conn = None;
            self.free.push(key.index);
            self.count = self.count.saturating_sub(1);
        }
    }

    /// Puts a connection in its place.
    pub(super) fn put(&mut self, conn: Conn) {
        if let Some(place) = self.places.get_mut(slot(conn.key.index)) {
            place.conn = Some(conn);
        }
    }

    /// Takes a connection out of its place, to work on it; [`Conns::put`] it back.
    pub(super) fn take(&mut self, key: ConnKey) -> Option<Conn> {
        let place = self.places.get_mut(slot(key.index)).filter(|place| place.generation == key.generation)?;
        place.conn.take()
    }

    pub(super) fn at(&mut self, index: u32) -> Option<&mut Conn> {
        self.places.get_mut(slot(index))?.conn.as_mut()
    }

    pub(super) fn get(&mut self, key: ConnKey) -> Option<&mut Conn> {
        self.at(key.index).filter(|conn| conn.key == key)
    }

    /// The key of whoever sits at that place now.
    pub(super) fn key_at(&self, index: u32) -> Option<ConnKey> {
        self.places.get(slot(index))?.conn.as_ref().map(|conn| conn.key)
    }

    /// All keys.
    pub(super) fn keys(&self) -> Vec<ConnKey> {
        self.places.iter().filter_map(|place| place.conn.as_ref()).map(|conn| conn.key).collect()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Conn> {
        self.places.iter().filter_map(|place| place.conn.as_ref())
    }

    pub(super) fn len(&self) -> usize {
        self.count
    }
}
