// Days of the week and the next ring, as far as a page needs to know them. Pure. The server decides when it rings.

/** Monday first, by the names of the API. */
export const DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/** @param {string[]} days @returns {"once" | "daily" | "workdays" | "weekend" | "some"} how people call a set of days */
export function kindOf(days) {
  const set = new Set(days);
  const has = (...names) => names.every((name) => set.has(name));
  if (set.size === 0) return "once";
  if (set.size === 7) return "daily";
  if (set.size === 5 && has("mon", "tue", "wed", "thu", "fri")) return "workdays";
  if (set.size === 2 && has("sat", "sun")) return "weekend";
  return "some";
}

/** The days in their order. */
export function sorted(days) {
  return DAYS.filter((day) => days.includes(day));
}

/** A short name of a day in a language. */
export function dayName(day, locale, width = "short") {
  // 5 January 1970 was a Monday.
  const date = new Date(Date.UTC(1970, 0, 5 + DAYS.indexOf(day)));
  return new Intl.DateTimeFormat(locale, { weekday: width, timeZone: "UTC" }).format(date);
}

/** Hours and minutes until a moment, both whole; null once it has come. */
export function until(at, now) {
  if (!(at > now)) return null;
  const minutes = Math.max(1, Math.round((at - now) / 60_000));
  return { days: Math.floor(minutes / 1440), hours: Math.floor(minutes / 60) % 24, minutes: minutes % 60 };
}

/** "07:05" of hours and minutes. */
export function clockText(hour, minute) {
  return `${String(hour).padStart(2, "0")}:${String(minute).padStart(2, "0")}`;
}

/** Hours and minutes of "07:05" or "07:05:00"; null for anything else. */
export function parseClock(text) {
  const found = /^(\d{2}):(\d{2})(?::\d{2})?$/.exec(text ?? "");
  if (!found) return null;
  const [hour, minute] = [Number(found[1]), Number(found[2])];
  return hour < 24 && minute < 60 ? { hour, minute } : null;
}

/** The time of day in a zone at a moment, for the large clock. */
export function timeIn(zone, at, locale) {
  const options = { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: zone };
  try {
    return new Intl.DateTimeFormat(locale, options).format(at);
  } catch {
    return new Intl.DateTimeFormat(locale, { ...options, timeZone: undefined }).format(at);
  }
}
