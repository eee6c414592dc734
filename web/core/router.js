// Addresses and pages: no reload between them, and the keyboard is led to the new page's heading.

import { h } from "./dom.js";
import { t } from "./i18n.js";

let routes = [];
let outlet = null;
let leaving = null;
let known = location.pathname + location.search;

/**
 * @param {HTMLElement} main where pages appear
 * @param {Array<{path: string, page: Function}>} table `:name` is one segment; the last entry is "not found"
 */
export function startRouter(main, table) {
  outlet = main;
  routes = table.map(({ path, page }) => ({ page, pattern: compile(path) }));
  addEventListener("popstate", () => {
    const next = location.pathname + location.search;
    // A jump within the page, such as the skip link, is no new page.
    if (next === known) return;
    draw({ focus: true });
  });
  document.addEventListener("click", follow);
  draw({ focus: false });
}

function compile(path) {
  if (path === "*") return /^/;
  return new RegExp(`^${path.replace(/:(\w+)/g, "(?<$1>[^/]+)")}/?$`);
}

function follow(event) {
  if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const link = event.target.closest?.("a[href]");
  if (!link || link.target || link.hasAttribute("download") || link.origin !== location.origin) return;
  if (link.getAttribute("href").startsWith("#") || /^\/(api|assets|metrics|health)/.test(link.pathname)) return;
  event.preventDefault();
  navigate(link.pathname + link.search);
}

/** Goes to another page of ours. */
export function navigate(path, { replace = false } = {}) {
  history[replace ? "replaceState" : "pushState"](null, "", path);
  draw({ focus: true });
}

/** Changes the query without drawing the page anew, so that a filtered list can be linked and returned to. */
export function rewrite(path) {
  history.replaceState(null, "", path);
  known = location.pathname + location.search;
}

/** Draws the present page anew, in place: after a change of language or of who is signed in. */
export function redraw() {
  draw({ focus: false, stay: true });
}

function draw({ focus, stay = false }) {
  leaving?.abort();
  leaving = new AbortController();
  known = location.pathname + location.search;
  const scroll = scrollY;
  const { page, params } = match(location.pathname);
  const context = { params, search: new URLSearchParams(location.search), signal: leaving.signal, title };
  const node = h("div", { class: "page" });
  outlet.replaceChildren(node);
  node.append(page(context));
  document.dispatchEvent(new CustomEvent("madang:page"));
  scrollTo({ top: stay ? scroll : 0, behavior: "instant" });
  if (focus) focusHeading(node);
}

function match(pathname) {
  for (const { pattern, page } of routes) {
    const found = pattern.exec(pathname);
    if (found) return { page, params: found.groups ?? {} };
  }
  throw new Error("the last route must match everything");
}

function focusHeading(node) {
  const heading = node.querySelector("h1");
  if (!heading) return;
  heading.tabIndex = -1;
  heading.focus({ preventScroll: true });
}

function title(text) {
  document.title = text ? `${text} · ${t("brand")}` : t("brand");
}
