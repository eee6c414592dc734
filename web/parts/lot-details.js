// The picture of a lot and what is known of the work.

import { api } from "../core/api.js";
import { h, setText, show } from "../core/dom.js";
import { has, money, t, when } from "../core/i18n.js";
import { bandsOf } from "../core/steps.js";
import { art } from "./art.js";

/** The addresses of the pictures, the main one first; a drawn one where the work has none. */
function imagesOf({ artwork }) {
  if (artwork.image_urls?.length) return artwork.image_urls;
  return artwork.image ? [artwork.image] : [];
}

/** The picture; a second look opens it as large as the window. */
export function lotPicture(view) {
  const { title, artist } = view.artwork;
  const work = { title, artist };
  const images = imagesOf(view);
  const stage = h(
    "button",
    { class: "stage", type: "button", "aria-label": t("room.enlarge", work) },
    art({ src: images[0], ...work, eager: true }),
  );
  let shown = images[0];
  stage.addEventListener("click", () => enlarge(shown, work));
  if (images.length < 2) return h("div", { class: "pictures" }, stage);
  const thumbs = images.map((src, n) =>
    h(
      "button",
      {
        class: "thumb",
        type: "button",
        "aria-label": t("room.picture", { n: n + 1 }),
        "aria-pressed": String(n === 0),
        on: {
          click: ({ currentTarget }) => {
            shown = src;
            stage.replaceChildren(art({ src, ...work, eager: true }));
            for (const thumb of currentTarget.parentElement.children)
              thumb.setAttribute("aria-pressed", String(thumb === currentTarget));
          },
        },
      },
      art({ src, ...work }),
    ),
  );
  return h("div", { class: "pictures" }, stage, h("div", { class: "thumbs" }, ...thumbs));
}

function enlarge(src, work) {
  const dialog = h(
    "dialog",
    { class: "lightbox", "aria-label": work.title },
    h("form", { method: "dialog" }, h("button", { class: "button quiet", text: t("action.close") })),
    art({ src, ...work, eager: true }),
  );
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}

/** Facts of the work and of the sale. What is written about the work is in the catalogue and comes a moment later. */
export function lotDetails(view, signal) {
  const { artwork } = view;
  const description = h("p", { class: "description", hidden: true });
  api("GET", `/artworks/${artwork.id}`, { signal }).then(
    (work) => {
      setText(description, work.description ?? "");
      show(description, Boolean(work.description));
    },
    // The sale can be followed without it.
    () => {},
  );
  const facts = ["medium", "size", "year"].filter((name) => artwork[name]);
  const row = (name) => h("div", null, h("dt", { text: t(`artwork.${name}`) }), h("dd", { text: artwork[name] }));
  return h(
    "div",
    { class: "details" },
    description,
    h("dl", { class: "facts" }, ...facts.map(row)),
    h("details", { class: "rules" }, h("summary", { text: t("rules.title") }), h("dl", { class: "facts" }, ...ruleFacts(view))),
  );
}

function ruleFacts({ rules, currency, opening_bid, starts_at, absolute_end_at }) {
  const row = (key, text) => text && h("div", null, h("dt", { text: t(key) }), h("dd", { class: "figures", text }));
  const bands = bandsOf(rules.steps).map(({ from, step }) => `${money(from, currency)} → ${money(step, currency)}`);
  const soft = rules.soft_close;
  const premium = rules.premium.map(({ from, rate_bp }) =>
    t("rules.premiumBand", { from: money(from, currency), rate: rate_bp / 100 }),
  );
  return [
    row("lot.opening", money(opening_bid, currency)),
    row("rules.starts", starts_at && when(starts_at, "full")),
    row("rules.absoluteEnd", absolute_end_at && when(absolute_end_at, "full")),
    row("rules.bidding", has(`rules.bidding.${rules.bidding}`) && t(`rules.bidding.${rules.bidding}`)),
    row(
      "rules.softClose",
      soft ? t(`rules.softClose.${soft.mode}`, { window: soft.window_s, extend: soft.extend_s }) : t("rules.noSoftClose"),
    ),
    row("rules.premium", premium.join("\n") || t("rules.noPremium")),
    row("rules.steps", bands.join("\n") || t("rules.noSteps")),
  ].filter(Boolean);
}
