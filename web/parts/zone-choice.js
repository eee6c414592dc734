// Where the person is: the zone that alarms without one of their own follow.

import { clockwork, renewAlarms } from "../core/alarms.js";
import { api } from "../core/api.js";
import { h, show } from "../core/dom.js";
import { t } from "../core/i18n.js";
import { field, toast, toastProblem } from "./controls.js";

/** The zones that the browser knows, those that matter first. */
export function zoneOptions(...first) {
  const known = Intl.supportedValuesOf?.("timeZone") ?? [];
  const all = [...new Set([...first.filter(Boolean), hereZone(), ...known])];
  return all.map((zone) => [zone, zone.replaceAll("_", " ")]);
}

/** The zone of this device. */
export function hereZone() {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/** @param {AbortSignal} signal */
export function zoneChoice(signal) {
  const options = zoneOptions(clockwork.value?.zone);
  const choice = field(t("zone.label"), { name: "zone", options }, { hint: t("zone.hint") });
  const elsewhere = h("p", { class: "zone-elsewhere", role: "status" });
  const follow = h("button", { type: "button", class: "button small" });
  const note = h("div", { class: "zone-note", hidden: true }, elsewhere, follow);
  const set = async (zone) => {
    choice.control.disabled = true;
    try {
      await api("PUT", "/alarms/zone", { body: { zone }, key: crypto.randomUUID() });
      await renewAlarms();
      toast({ text: t("zone.set", { zone: zone.replaceAll("_", " ") }), tone: "good" });
    } catch (problem) {
      toastProblem(problem);
      choice.control.value = clockwork.value?.zone ?? choice.control.value;
    } finally {
      choice.control.disabled = false;
    }
  };
  choice.control.addEventListener("change", () => set(choice.control.value));
  follow.addEventListener("click", () => set(hereZone()));
  const box = h("section", { class: "card zone-card", "aria-label": t("zone.label"), hidden: true }, choice, note);
  clockwork.watch((view) => {
    show(box, Boolean(view?.zone));
    if (!view?.zone) return;
    if (![...choice.control.options].some(({ value }) => value === view.zone))
      choice.control.prepend(h("option", { value: view.zone, text: view.zone.replaceAll("_", " ") }));
    if (!choice.control.disabled) choice.control.value = view.zone;
    const here = hereZone();
    show(note, here !== view.zone);
    elsewhere.textContent = t("zone.elsewhere", { here: here.replaceAll("_", " ") });
    follow.textContent = t("zone.follow", { here: here.replaceAll("_", " ") });
  }, signal);
  return box;
}
