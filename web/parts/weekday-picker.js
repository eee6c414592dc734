// Seven buttons for the days of the week, and the sets that people mean most.

import { h } from "../core/dom.js";
import { language, t } from "../core/i18n.js";
import { DAYS, dayName, kindOf } from "../core/weekdays.js";

const SETS = {
  once: [],
  daily: DAYS,
  workdays: DAYS.slice(0, 5),
  weekend: DAYS.slice(5),
};

/**
 * @param {string[]} days chosen at first
 * @param {() => void} [changed]
 */
export function weekdayPicker(days, changed = () => {}) {
  let chosen = new Set(days);
  const boxes = DAYS.map((day) => {
    const box = h("input", { type: "checkbox", value: day, class: "unseen" });
    box.addEventListener("change", () => {
      if (box.checked) chosen.add(day);
      else chosen.delete(day);
      draw();
      changed();
    });
    const name = dayName(day, language(), language() === "ko" ? "narrow" : "short");
    const label = h("label", { title: dayName(day, language(), "long") }, box, h("span", { text: name }));
    box.setAttribute("aria-label", dayName(day, language(), "long"));
    return { day, box, label };
  });
  const sets = Object.keys(SETS).map((name) =>
    h("button", {
      type: "button",
      class: "button small quiet",
      value: name,
      text: t(`days.${name}`),
      on: {
        click: () => {
          chosen = new Set(SETS[name]);
          draw();
          changed();
        },
      },
    }),
  );
  const draw = () => {
    for (const { day, box } of boxes) box.checked = chosen.has(day);
    const kind = kindOf([...chosen]);
    for (const button of sets) button.setAttribute("aria-pressed", String(button.value === kind));
  };
  draw();
  const element = h(
    "fieldset",
    { class: "weekdays" },
    h("legend", { text: t("alarm.days") }),
    h("div", { class: "weekday-row" }, ...boxes.map(({ label }) => label)),
    h("div", { class: "weekday-sets", role: "group", "aria-label": t("alarm.daySets") }, ...sets),
  );
  return { element, value: () => DAYS.filter((day) => chosen.has(day)) };
}
