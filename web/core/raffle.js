// One raffle as its page knows it: a view from the server, kept up to date by the publications of its channel. Pure.

const CHANGES = {
  prizes_added: ({ odds }) => ({ odds }),
  entered: ({ entries, participants, odds }) => ({ entries, participants, odds }),
  list_frozen: ({ list_hash, at }) => ({ state: "frozen", list_hash, frozen_at: at }),
  draw_due: () => ({}),
  drawn: ({ seed, winners, at }) => ({ state: "drawn", seed, winners, drawn_at: at }),
  raffle_cancelled: ({ reason }) => ({ state: "cancelled", reason }),
};

/** The raffle after a publication. Unknown types change nothing but the offset. */
export function apply(raffle, event, offset) {
  if (offset !== undefined && raffle.offset !== undefined && offset <= raffle.offset) return raffle;
  const next = { ...raffle, ...(CHANGES[event.type]?.(event) ?? {}) };
  if (offset !== undefined) next.offset = offset;
  return next;
}

/** Whether what a publication says is only a part: prizes by name, one's own wins and codes. */
export const needsView = ({ type }) => type === "prizes_added" || type === "drawn" || !(type in CHANGES);

/** A view replaces what we know, unless it is older than the publications that came meanwhile. */
export function renewed(raffle, view) {
  if (view.offset === undefined || raffle.offset === undefined || view.offset >= raffle.offset) return { ...raffle, ...view };
  return { ...raffle, mine: view.mine, prizes: view.prizes };
}

/** Odds as people read them: "1 in 4"; `null` where everybody wins. */
export function oneIn(odds) {
  return odds >= 1 ? null : Math.round((1 / odds) * 10) / 10;
}
