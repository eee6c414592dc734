// What stands round every page: the head with its ways, the connection's state, the bar of a phone, the foot.

import { isLoud } from "../core/alarm-session.js";
import { clockwork } from "../core/alarms.js";
import { h, setText } from "../core/dom.js";
import { LANGUAGES, language, switchLanguage, t } from "../core/i18n.js";
import { connection } from "../core/live.js";
import { unseen } from "../core/notices.js";
import { isDark, preferences } from "../core/preferences.js";
import { navigate, redraw } from "../core/router.js";
import { holds, session, signOut } from "../core/session.js";
import { WORLDS, wayOf, waysOf, worldOf } from "../core/worlds.js";
import { toast } from "./controls.js";
import { emblem, icon } from "./icons.js";

const OWN = "body > .head, body > .within, body > .tabs, body > .foot, body > .curtain, body > .ringing-bar";

let life = null;

/** Draws the shell and returns the place for pages. Called again when the language changes; `main` is kept. */
export function shell(main) {
  life?.abort();
  life = new AbortController();
  const header = h(
    "header",
    { class: "head" },
    h("a", { class: "skip", href: "#main", text: t("skip") }),
    h("a", { class: "brand", href: "/" }, emblem(), h("span", { text: t("brand") })),
    h("nav", { class: "ways", "aria-label": t("nav.main") }),
    h("div", { class: "head-end" }, badge(), bell(), languageButton(), themeButton(), h("div", { class: "who" })),
  );
  const tabs = h("nav", { class: "tabs", "aria-label": t("nav.phone") });
  const within = h("nav", { class: "within", "aria-label": t("nav.within"), hidden: true });
  const foot = h(
    "footer",
    { class: "foot" },
    h("p", { text: t("foot.line") }),
    h(
      "nav",
      { "aria-label": t("nav.foot") },
      h("a", { href: "/about", text: t("nav.about") }),
      h("a", { href: "/api/docs", target: "_blank", rel: "noopener", text: t("nav.api") }),
    ),
  );
  for (const old of document.querySelectorAll(OWN)) old.remove();
  document.body.prepend(header);
  if (!main.isConnected) document.body.append(main);
  main.after(foot, tabs);
  main.before(ringing(), curtain(), within);
  const draw = () => {
    drawWithin(within);
    mark();
  };
  session.watch(() => {
    const worlds = WORLDS.map(({ key, href, sign }) => ({ href, key: `world.${key}`, sign }));
    header.querySelector(".ways").replaceChildren(...worlds.map(({ href, key }) => way(href, t(key))));
    tabs.replaceChildren(...phoneWays(worlds).map(({ href, key, sign }) => way(href, t(key), sign)));
    header.querySelector(".who").replaceChildren(who());
    draw();
  }, life.signal);
  document.addEventListener("madang:page", draw, { signal: life.signal });
}

/** The ways within the present world: a line under the head that scrolls by itself where it is too long. */
function drawWithin(nav) {
  const world = worldOf(location.pathname);
  const links = world ? waysOf(world, { signedIn: Boolean(session.value.user), holds }) : [];
  nav.hidden = links.length < 2;
  nav.replaceChildren(...links.map(({ href, key }) => way(href, t(key))));
  const here = wayOf(links, location.pathname);
  for (const link of nav.children) if (link.getAttribute("href") === here?.href) link.setAttribute("aria-current", "page");
}

function phoneWays(worlds) {
  const person = session.value.user
    ? { href: "/account", key: "nav.account", sign: "person" }
    : { href: "/sign-in", key: "signIn", sign: "person" };
  return [{ href: "/", key: "nav.home", sign: "home" }, ...worlds, person];
}

function way(href, text, sign) {
  return h("a", { href }, sign && icon(sign), h("span", { text }));
}

/** Marks the world one is in. */
function mark() {
  const world = worldOf(location.pathname);
  for (const link of document.querySelectorAll(".ways a, .tabs a")) {
    const path = new URL(link.href).pathname;
    const here = world ? world.href === path : location.pathname === path;
    if (here) link.setAttribute("aria-current", world?.href === location.pathname || !world ? "page" : "true");
    else link.removeAttribute("aria-current");
  }
}

/** The connection, in a word. It is said aloud only when it changes for long enough to matter. */
function badge() {
  const word = h("span", { class: "badge-word" });
  const element = h("p", { class: "badge", role: "status" }, h("span", { class: "dot", "aria-hidden": "true" }), word);
  connection.watch((state) => {
    element.dataset.state = state;
    setText(word, t(`connection.${state}`));
    element.title = t(`connection.${state}.long`);
  }, life.signal);
  return element;
}

/** A line under the head while the connection is lost. */
function curtain() {
  const text = h("span");
  const element = h("p", { class: "curtain", hidden: true }, h("span", { class: "spinner", "aria-hidden": "true" }), text);
  let late = null;
  connection.watch((state) => {
    clearTimeout(late);
    const lost = state === "reconnecting" || state === "offline";
    if (!lost) return void (element.hidden = true);
    late = setTimeout(() => {
      setText(text, t(`connection.${state}.long`));
      element.hidden = false;
    }, 600);
  }, life.signal);
  return element;
}

/** Wherever one is in the house: the alarm rings, and one touch leads to it. */
function ringing() {
  const link = h(
    "a",
    { class: "ringing-bar", href: "/alarms/ring", hidden: true },
    icon("alarm"),
    h("span", { text: t("ring.ringing") }),
    h("strong", { text: t("ring.open") }),
  );
  clockwork.watch((view) => (link.hidden = !isLoud(view?.session ?? null)), life.signal);
  return link;
}

function bell() {
  const number = h("span", { class: "bell-count figures", hidden: true });
  const link = h("a", { class: "icon-button bell", href: "/notices" }, icon("bell"), number);
  unseen.watch((count) => {
    number.hidden = count === 0;
    setText(number, count > 9 ? "9+" : String(count));
    link.setAttribute("aria-label", t("nav.notices", { count: count > 0 ? number.textContent : "" }));
  }, life.signal);
  session.watch(({ user }) => (link.hidden = !user), life.signal);
  return link;
}

function languageButton() {
  const next = LANGUAGES.find((tag) => tag !== language());
  const change = async () => {
    await switchLanguage(next);
    shell(document.querySelector("main"));
    redraw();
    document.querySelector(".language")?.focus();
  };
  return h("button", {
    class: "icon-button language",
    type: "button",
    lang: next,
    text: t("language.switch"),
    on: { click: change },
  });
}

function themeButton() {
  const button = h("button", { class: "icon-button theme", type: "button", "aria-label": t("theme.switch") });
  const draw = () => button.replaceChildren(icon(isDark() ? "sun" : "moon"));
  button.addEventListener("click", () => {
    preferences.patch({ theme: isDark() ? "light" : "dark" });
    draw();
  });
  draw();
  return button;
}

function who() {
  const { ready, user } = session.value;
  if (!ready) return h("span");
  if (!user) return h("a", { class: "button small primary", href: "/sign-in", text: t("signIn") });
  const menu = h(
    "details",
    { class: "menu" },
    h(
      "summary",
      { class: "person" },
      h("span", { class: "initial", "aria-hidden": "true", text: [...user.name][0]?.toUpperCase() ?? "·" }),
      h("span", { class: "person-name", text: user.name }),
    ),
    h(
      "div",
      { class: "menu-body" },
      ...[
        ["/account", "nav.account"],
        ["/wallet", "nav.wallet"],
        ["/bids", "nav.bids"],
        ["/favourites", "nav.favourites"],
        ["/notices", "nav.noticeList"],
        ...(holds("admin")
          ? [
              ["/admin/knowledge", "nav.knowledge"],
              ["/operators", "nav.operators"],
            ]
          : []),
      ].map(([href, key]) => h("a", { href, text: t(key) })),
      h("button", { type: "button", class: "sign-out", text: t("signOut"), on: { click: leave } }),
    ),
  );
  menu.addEventListener("click", (event) => event.target.closest("a") && (menu.open = false));
  menu.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    menu.open = false;
    menu.querySelector("summary").focus();
  });
  menu.addEventListener(
    "focusout",
    ({ relatedTarget }) => relatedTarget && !menu.contains(relatedTarget) && (menu.open = false),
  );
  return menu;
}

/** Signs out and goes home. */
export async function leave() {
  try {
    await signOut();
  } catch {
    // This browser has forgotten the tokens either way; the server ends them in their time.
  }
  toast({ text: t("signedOut") });
  navigate("/");
}
