// Bringing images to a campaign: dropped or chosen, sent with progress, worked up with progress, with what is wrong file by file.

import { api } from "../core/api.js";
import { h, show } from "../core/dom.js";
import { t } from "../core/i18n.js";
import { plan } from "../core/upload-plan.js";
import { archiveOf } from "../core/uploads.js";
import { empty, field, fill } from "../parts/controls.js";
import { dropZone } from "../parts/drop-zone.js";
import { icon } from "../parts/icons.js";
import { uploadList } from "../parts/upload-list.js";
import { signInFirst } from "./sign-in-first.js";

const ENDINGS = ".zip,.jpg,.jpeg,.png,.webp,.csv,.json";
/** Announced texts of which this share becomes control tasks, unless somebody says otherwise: in percent. */
const GOLD = 10;

export function campaignUpload({ params, signal, title }) {
  const gate = signInFirst();
  if (gate) return gate;
  const id = Number(params.id);
  title(t("campaign.upload"));
  const place = h("section", { class: "medium upload-page" });
  fill(
    place,
    () => api("GET", `/campaigns/${id}`, { signal }),
    (view) => draw(view, signal),
    signal,
  );
  return place;
}

function draw(view, signal) {
  const list = uploadList(view.id, signal);
  const gold = field(
    t("upload.gold"),
    { type: "number", name: "gold", min: 0, max: 100, value: GOLD, inputmode: "numeric" },
    { suffix: "%", hint: t("upload.goldHint") },
  );
  const refused = h("ul", { class: "refused", hidden: true });
  const take = async (files) => {
    const { archives, parts, refused: left } = plan(files);
    show(refused, left.length > 0);
    refused.replaceChildren(...left.slice(0, 20).map(({ name }) => h("li", { text: t("upload.notSent", { name }) })));
    const share = Math.round(Math.min(100, Math.max(0, Number(gold.control.value) || 0)) * 100);
    for (const file of archives) list.send(file, share);
    for (const [n, part] of parts.entries()) {
      const single = part.length === 1 && parts.length === 1;
      list.send(single ? part[0] : await archiveOf(part, t("upload.partName", { n: n + 1, files: part.length })), share);
    }
  };
  earlier(view.id, list, signal);
  return [
    h(
      "header",
      { class: "page-head" },
      h("div", null, h("p", { class: "eyebrow", text: view.name }), h("h1", { text: t("campaign.upload") })),
      h("a", { class: "button", href: `/campaigns/${view.id}` }, t("campaign.toCampaign"), icon("arrow")),
    ),
    view.state === "requested" && h("p", { class: "note", text: t("upload.beforeApproval") }),
    dropZone({ id: "upload-files", accept: ENDINGS, title: t("upload.drop"), kinds: t("upload.kinds") }, take),
    refused,
    h(
      "details",
      { class: "rules" },
      h("summary", { text: t("upload.options") }),
      gold,
      h(
        "div",
        { class: "format" },
        h("p", { class: "hint", text: t("upload.format") }),
        h("pre", { tabindex: "0", text: "left,top,right,bottom,text,gold\n84,120,212,148,9000,1\n" }),
      ),
    ),
    list.element,
  ].filter(Boolean);
}

/** What was sent before, and goes on being worked up. */
async function earlier(id, list, signal) {
  try {
    const { items } = await api("GET", `/campaigns/${id}/uploads`, { signal });
    for (const upload of items) list.known(upload);
    if (items.length === 0) list.nothing(empty(t("upload.none"), null));
  } catch {
    // New uploads are shown all the same.
  }
}
