// Which of the files that somebody dropped go where. Pure. The server judges every file; here only what need not be sent.

const PICTURE = /\.(jpe?g|png|webp)$/i;
const BOXES = /\.(csv|json)$/i;
const ARCHIVE = /\.zip$/i;

/** What one made-up archive may hold, in bytes: small enough to be sent again when the line breaks. */
export const PART_BYTES = 32 * 1024 * 1024;
export const PART_FILES = 400;

/** @returns {"archive" | "picture" | "boxes" | "other"} */
export function sortOf(name) {
  if (ARCHIVE.test(name)) return "archive";
  if (PICTURE.test(name)) return "picture";
  return BOXES.test(name) ? "boxes" : "other";
}

/** The name without its folder and its ending: what a picture shares with its boxes. */
export function stem(name) {
  return name.replace(/^.*\//, "").replace(/\.[^.]+$/, "");
}

/**
 * Archives go as they are; pictures and their boxes go together, in as few parts as fit; anything else stays.
 * @template {{name: string, size: number}} F
 * @param {F[]} files
 * @returns {{archives: F[], parts: F[][], refused: F[]}}
 */
export function plan(files) {
  const of = (sort) => files.filter(({ name }) => sortOf(name) === sort);
  const pictures = of("picture");
  const known = new Set(pictures.map(({ name }) => stem(name)));
  const boxes = of("boxes");
  const groups = new Map(pictures.map((file) => [stem(file.name), []]));
  for (const file of pictures) groups.get(stem(file.name)).push(file);
  for (const file of boxes) if (known.has(stem(file.name))) groups.get(stem(file.name)).push(file);
  const parts = [];
  let room = 0;
  for (const group of groups.values()) {
    const size = group.reduce((sum, file) => sum + file.size, 0);
    const last = parts.at(-1);
    if (!last || room + size > PART_BYTES || last.length + group.length > PART_FILES) {
      parts.push([...group]);
      room = size;
    } else {
      last.push(...group);
      room += size;
    }
  }
  const alone = boxes.filter(({ name }) => !known.has(stem(name)));
  return { archives: of("archive"), parts, refused: [...of("other"), ...alone] };
}
