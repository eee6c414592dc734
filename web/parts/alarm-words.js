// Alarms in words.

import { stamp } from "../core/clock.js";
import { language, t, when } from "../core/i18n.js";
import { dayName, kindOf, sorted, until } from "../core/weekdays.js";

/** On which days: "Workdays", "Mon, Thu", "Once, on 3 May". */
export function daysText({ days, date }) {
  const kind = kindOf(days ?? []);
  if (kind === "once") return date ? t("days.onDate", { date: dateText(date) }) : t("days.once");
  if (kind !== "some") return t(`days.${kind}`);
  const names = sorted(days).map((day) => dayName(day, language()));
  return names.join(language() === "ko" ? "·" : ", ");
}

function dateText(date) {
  return new Intl.DateTimeFormat(language(), { month: "short", day: "numeric", weekday: "short", timeZone: "UTC" }).format(
    new Date(`${date}T00:00:00Z`),
  );
}

/** "Rings in 7 h 12 min". */
export function inText(at, now) {
  const left = at ? until(stamp(at), now) : null;
  if (!left) return at ? when(at) : t("alarms.off");
  const form = left.days > 0 ? "days" : left.hours > 0 ? "hours" : "minutes";
  return t(`alarms.in.${form}`, left);
}
