// What is on sale now, what comes, what has been.

import { api, query } from "../core/api.js";
import { h, keyed, setText } from "../core/dom.js";
import { count, t } from "../core/i18n.js";
import { onListChange } from "../core/lists.js";
import { rewrite } from "../core/router.js";
import { empty, loading } from "../parts/controls.js";
import { problemText } from "../core/i18n.js";
import { feature } from "../parts/feature.js";
import { icon } from "../parts/icons.js";
import { lotCard } from "../parts/lot-card.js";

const STATES = ["live", "scheduled", "ended"];
const SORTS = ["ending", "newest", "price"];
const PAGE = 24;
const TYPING_PAUSE = 250;
/** Lists are asked for again this often, so that lots which open or end meanwhile come and go. */
const REFRESH_EVERY = 20_000;

export function market({ search, signal, title }) {
  title(t("world.auctions"));
  const wish = {
    state: STATES.includes(search.get("state")) ? search.get("state") : "live",
    search: search.get("search") ?? "",
    medium: search.get("medium") ?? "",
    sort: SORTS.includes(search.get("sort")) ? search.get("sort") : "ending",
  };
  const list = lotList(wish, signal);
  const first = h("div", { class: "feature-place" });
  const bar = filters(wish, () => {
    const { state, ...rest } = wish;
    rewrite(
      `/auctions${query({ ...rest, sort: wish.sort === "ending" ? "" : wish.sort, state: state === "live" ? "" : state })}`,
    );
    list.restart();
  });
  showFeature(first, signal);
  onListChange(() => showFeature(first, signal), REFRESH_EVERY, signal);
  return h(
    "div",
    { class: "home" },
    h("h1", { class: "unseen", text: t("home.title") }),
    first,
    h("section", { class: "market", "aria-label": t("home.lots") }, bar, list.element),
  );
}

async function showFeature(place, signal) {
  try {
    const { items } = await api("GET", "/auctions?state=live&sort=ending&limit=1", { signal });
    // The next one, when the shown one has ended; else it stays as it is.
    if (signal.aborted || place.firstElementChild?.lot.id === items[0]?.id) return;
    place.replaceChildren(...items.map(feature));
  } catch {
    // The list below says what is wrong.
  }
}

function filters(wish, changed) {
  const tabs = h("div", { class: "segments", role: "group", "aria-label": t("filter.state") });
  const drawTabs = () => {
    for (const button of tabs.children) button.setAttribute("aria-pressed", String(button.value === wish.state));
  };
  tabs.append(
    ...STATES.map((state) =>
      h("button", {
        type: "button",
        value: state,
        text: t(`filter.${state}`),
        on: {
          click: () => {
            wish.state = state;
            drawTabs();
            changed();
          },
        },
      }),
    ),
  );
  drawTabs();
  let typing = null;
  const box = h("input", {
    type: "search",
    value: wish.search,
    placeholder: t("filter.search"),
    "aria-label": t("filter.search"),
    maxlength: 80,
  });
  box.addEventListener("input", () => {
    clearTimeout(typing);
    typing = setTimeout(() => {
      wish.search = box.value.trim();
      changed();
    }, TYPING_PAUSE);
  });
  return h(
    "form",
    { class: "filters", role: "search", on: { submit: (event) => event.preventDefault() } },
    tabs,
    h("div", { class: "search" }, icon("search"), box),
    mediumBox(wish, changed),
    picker(
      t("filter.sort"),
      SORTS.map((sort) => [sort, t(`sort.${sort}`)]),
      wish,
      "sort",
      changed,
    ),
  );
}

function picker(label, options, wish, name, changed) {
  const select = h("select", { "aria-label": label }, ...options.map(([value, text]) => h("option", { value, text })));
  select.value = wish[name];
  select.addEventListener("change", () => {
    wish[name] = select.value;
    changed();
  });
  return select;
}

const MEDIA = ["painting", "drawing", "print", "photograph", "sculpture", "watercolour", "ink", "oil"];

function mediumBox(wish, changed) {
  const known = MEDIA.map((medium) => [medium, t(`medium.${medium}`)]);
  if (wish.medium && !MEDIA.includes(wish.medium)) known.push([wish.medium, wish.medium]);
  return picker(t("filter.medium"), [["", t("filter.anyMedium")], ...known], wish, "medium", changed);
}

/** The list of lots for a wish, growing by pages. */
function lotList(wish, signal) {
  const grid = h("div", { class: "grid", role: "list" });
  const said = h("p", { class: "result-count", role: "status" });
  const note = h("div");
  const more = h("button", { class: "button quiet more", type: "button", hidden: true, text: t("action.more") });
  const element = h("div", { class: "lots" }, said, grid, note, more);
  let known = [];
  let next = null;
  let round = 0;

  const fetchPage = (after, limit) => api("GET", `/auctions${query({ ...wish, after, limit })}`, { signal });
  const draw = () => {
    keyed(
      grid,
      known,
      (lot) => String(lot.id),
      (lot) => h("div", { role: "listitem" }, lotCard(lot)),
      (item, lot) => (item.firstChild.lot = lot),
    );
    more.hidden = !next;
    setText(said, t("home.count", { count: known.length, more: next ? "+" : "", shown: count(known.length) }));
    if (known.length === 0) note.replaceChildren(empty(t(`home.empty.${wish.state}`), t("home.empty.hint")));
    else note.replaceChildren();
  };
  const load = async (after) => {
    const mine = (round += after ? 0 : 1);
    try {
      const page = await fetchPage(after, after ? PAGE : Math.max(PAGE, Math.min(100, known.length)));
      if (mine !== round || signal.aborted) return;
      known = after ? [...known, ...page.items] : page.items;
      next = page.next ?? null;
      draw();
    } catch (problem) {
      if (mine !== round || signal.aborted || known.length > 0) return;
      const again = h("button", { class: "button quiet", text: t("action.retry"), on: { click: () => load(null) } });
      note.replaceChildren(empty(problemText(problem), null, again));
    }
  };
  const restart = () => {
    known = [];
    grid.replaceChildren();
    note.replaceChildren(loading());
    load(null);
  };
  more.addEventListener("click", () => load(next));
  onListChange(() => load(null), REFRESH_EVERY, signal);
  restart();
  return { element, restart };
}
