//! Marks: ink that hangs together, corners included. Runs of ink of neighbouring rows are united when they touch.

use super::ink::Ink;

/// The box around ink that hangs together; `right` and `bottom` are beyond it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) left: u32,
    pub(super) top: u32,
    pub(super) right: u32,
    pub(super) bottom: u32,
    /// Pixels of ink.
    pub(super) ink: u32,
}

impl Mark {
    pub(super) fn width(&self) -> u32 {
        self.right - self.left
    }

    pub(super) fn height(&self) -> u32 {
        self.bottom - self.top
    }

    /// With everything of another.
    pub(super) fn with(self, other: Self) -> Self {
        Self {
            left: self.left.min(other.left),
            top: self.top.min(other.top),
            right: self.right.max(other.right),
            bottom: self.bottom.max(other.bottom),
            ink: self.ink.saturating_add(other.ink),
        }
    }
}

/// Sets that can be united, each known by one of its members.
#[derive(Debug, Default)]
pub(super) struct Sets {
    parents: Vec<usize>,
}

impl Sets {
    /// So many sets of one member each.
    pub(super) fn of(count: usize) -> Self {
        Self { parents: (0..count).collect() }
    }

    fn add(&mut self) -> usize {
        self.parents.push(self.parents.len());
        self.parents.len() - 1
    }

    /// The member by which a member's set is known.
    pub(super) fn root(&mut self, mut member: usize) -> usize {
        loop {
            let parent = self.parents.get(member).copied().unwrap_or(member);
            if parent == member {
                return member;
            }
            // Paths are halved on the way.
            let above = self.parents.get(parent).copied().unwrap_or(parent);
            if let Some(place) = self.parents.get_mut(member) {
                *place = above;
            }
            member = above;
        }
    }

    pub(super) fn unite(&mut self, a: usize, b: usize) {
        let (a, b) = (self.root(a), self.root(b));
        if let Some(place) = self.parents.get_mut(a.max(b)) {
            *place = a.min(b);
        }
    }
}

struct Run {
    left: u32,
    right: u32,
    row: u32,
}

/// The marks of an image, in the order of their first rows.
pub(super) fn find(ink: &Ink) -> Vec<Mark> {
    let mut runs: Vec<Run> = Vec::new();
    let mut sets = Sets::default();
    let mut above = 0..0;
    for y in 0..ink.height {
        let from = runs.len();
        runs_of(ink.row(y), u32::try_from(y).unwrap_or(u32::MAX), &mut runs);
        for _ in from..runs.len() {
            sets.add();
        }
        // Both rows from left to right.
        let mut upper = above.start;
        for lower in from..runs.len() {
            let Some(run) = runs.get(lower) else { break };
            while runs.get(upper).is_some_and(|up| upper < above.end && up.right < run.left) {
                upper += 1;
            }
            let mut touching = upper;
            while touching < above.end && runs.get(touching).is_some_and(|up| up.left <= run.right) {
                sets.unite(touching, lower);
                touching += 1;
            }
        }
        above = from..runs.len();
    }
    let mut marks: Vec<Option<Mark>> = vec![None; runs.len()];
    for (n, run) in runs.iter().enumerate() {
        let own = Mark { left: run.left, top: run.row, right: run.right, bottom: run.row + 1, ink: run.right - run.left };
        if let Some(place) = marks.get_mut(sets.root(n)) {
            *place = Some(place.map_or(own, |mark| mark.with(own)));
        }
    }
    marks.into_iter().flatten().collect()
}

fn runs_of(row: &[bool], y: u32, runs: &mut Vec<Run>) {
    let mut start = None;
    for (x, dark) in (0..).zip(row.iter().copied().chain([false])) {
        match (dark, start) {
            (true, None) => start = Some(x),
            (false, Some(left)) => {
                runs.push(Run { left, right: x, row: y });
                start = None;
            }
            (true, Some(_)) | (false, None) => {}
        }
    }
}
