// Runs before the first paint, so that neither the theme nor the language flashes. A classic script: modules come too late.
(() => {
  "use strict";
  const root = document.documentElement;
  let kept = {};
  try {
    kept = JSON.parse(localStorage.getItem("madang.preferences") ?? "{}");
  } catch {
    // Storage is off or was damaged: the browser's own wishes are good enough.
  }
  if (kept.theme === "light" || kept.theme === "dark") root.dataset.theme = kept.theme;
  const wished = [kept.language, ...(navigator.languages ?? [navigator.language])].filter(Boolean);
  root.lang = wished.map((tag) => tag.slice(0, 2)).find((tag) => tag === "ko" || tag === "en") ?? "en";
})();
