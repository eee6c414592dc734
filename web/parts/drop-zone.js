// Where files are dropped or chosen.

import { h } from "../core/dom.js";
import { icon } from "./icons.js";

/**
 * @param {{id: string, accept: string, title: string, kinds: string}} words `accept` as a file input takes it
 * @param {(files: File[]) => void} take gets what was dropped or chosen, each time anew
 */
export function dropZone({ id, accept, title, kinds }, take) {
  const input = h("input", { type: "file", multiple: true, accept, class: "unseen", id });
  const zone = h(
    "label",
    { class: "drop", for: id },
    h("span", { class: "drop-sign" }, icon("upload")),
    h("strong", { text: title }),
    h("span", { text: kinds }),
    input,
  );
  input.addEventListener("change", () => {
    take([...input.files]);
    input.value = "";
  });
  const over = (on) => (event) => {
    event.preventDefault();
    zone.classList.toggle("over", on);
  };
  zone.addEventListener("dragover", over(true));
  zone.addEventListener("dragleave", over(false));
  zone.addEventListener("drop", (event) => {
    over(false)(event);
    take([...event.dataTransfer.files]);
  });
  return zone;
}
