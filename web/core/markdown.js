// Markdown as models write it, read into a tree. Pure: no HTML comes in (it is text like any other) and none goes out, so
// nothing that an answer says can become a script. What a tree looks like is `parts/answer.js`.
//
// Blocks: {kind: "heading", level, inline} {kind: "paragraph", inline} {kind: "list", ordered, start, items: [inline]}
// {kind: "quote", inline} {kind: "code", text} {kind: "rule"} {kind: "table", head: [inline], rows: [[inline]]}
// Inline: {kind: "text", text} {kind: "strong" | "em", inline} {kind: "code", text} {kind: "link", href, inline}
// {kind: "cite", number} {kind: "mark", place} {kind: "break"}

/** Stands in a text where a checked claim ends; the number of the claim is between the two signs. */
const MARK = /\uE000(\d+)\uE001/;

/** Puts the signs of checked claims into a text, at positions that are counted in characters. */
export function withMarks(text, marks) {
  const signs = /[\uE000\uE001]/g;
  const chars = [...text.replace(signs, "?")];
  const at = marks.map(({ to }, place) => ({ to, place })).sort((a, b) => b.to - a.to || b.place - a.place);
  for (const { to, place } of at) chars.splice(to, 0, `\uE000${place}\uE001`);
  return chars.join("");
}

/** Reads a text into blocks. Never fails: what is not finished yet is read as far as it goes. */
export function parse(text) {
  const lines = text.replaceAll("\r\n", "\n").split("\n");
  const blocks = [];
  let at = 0;
  while (at < lines.length) {
    const line = lines[at];
    if (!line.trim()) at += 1;
    else at = block(lines, at, blocks);
  }
  return blocks;
}

const BULLET = /^\s{0,3}([-*+])\s+(.*)$/;
const NUMBER = /^\s{0,3}(\d{1,9})[.)]\s+(.*)$/;
const FENCE = /^\s{0,3}(```+|~~~+)/;
const HEADING = /^\s{0,3}(#{1,6})\s+(.*?)\s*#*\s*$/;
const RULE = /^\s{0,3}([-*_])(\s*\1){2,}\s*$/;
const QUOTE = /^\s{0,3}>\s?(.*)$/;
const ROW = /^\s*\|(.+)\|\s*$/;

function block(lines, at, blocks) {
  const line = lines[at];
  const fence = FENCE.exec(line)?.[1];
  if (fence) {
    const end = lines.findIndex((other, place) => place > at && other.trim().startsWith(fence));
    const last = end === -1 ? lines.length : end;
    blocks.push({ kind: "code", text: lines.slice(at + 1, last).join("\n") });
    return last + 1;
  }
  const heading = HEADING.exec(line);
  if (heading) {
    blocks.push({ kind: "heading", level: heading[1].length, inline: inline(heading[2]) });
    return at + 1;
  }
  if (RULE.test(line)) {
    blocks.push({ kind: "rule" });
    return at + 1;
  }
  if (BULLET.test(line) || NUMBER.test(line)) return list(lines, at, blocks);
  if (QUOTE.test(line)) {
    const [said, next] = run(lines, at, QUOTE, 1);
    blocks.push({ kind: "quote", inline: inline(said.join("\n")) });
    return next;
  }
  if (ROW.test(line) && /^\s*\|[\s:|-]+\|\s*$/.test(lines[at + 1] ?? "")) {
    const [rows, next] = run(lines, at, ROW, 1);
    const cells = rows.map((row) => row.split("|").map((cell) => inline(cell.trim())));
    blocks.push({ kind: "table", head: cells[0], rows: cells.slice(2) });
    return next;
  }
  let next = at;
  while (next < lines.length && lines[next].trim() && (next === at || !begins(lines[next]))) next += 1;
  blocks.push({ kind: "paragraph", inline: inline(lines.slice(at, next).join("\n")) });
  return next;
}

const begins = (line) => [FENCE, HEADING, RULE, BULLET, NUMBER, QUOTE].some((pattern) => pattern.test(line));

function run(lines, at, pattern, group) {
  const taken = [];
  let next = at;
  for (let found; next < lines.length && (found = pattern.exec(lines[next])); next += 1) taken.push(found[group]);
  return [taken, next];
}

function list(lines, at, blocks) {
  const ordered = NUMBER.test(lines[at]);
  const pattern = ordered ? NUMBER : BULLET;
  const start = ordered ? Number(NUMBER.exec(lines[at])[1]) : 1;
  const items = [];
  let next = at;
  while (next < lines.length) {
    const found = pattern.exec(lines[next]);
    if (found) items.push(found[2]);
    else if (lines[next].trim() && /^\s+/.test(lines[next])) items.push(`${items.pop()}\n${lines[next].trim().replace(/^[-*+]\s+/, "· ")}`);
    else if (!lines[next].trim() && pattern.test(lines[next + 1] ?? "")) {
      // A blank line between items is no end.
    } else break;
    next += 1;
  }
  blocks.push({ kind: "list", ordered, start, items: items.map(inline) });
  return next;
}

const INLINE = [
  [/^`([^`\n]+)`/, ([, text]) => ({ kind: "code", text })],
  [/^\*\*(?=\S)([^]*?\S)\*\*/, ([, text], deep) => ({ kind: "strong", inline: inline(text, deep) })],
  [/^__(?=\S)([^]*?\S)__/, ([, text], deep) => ({ kind: "strong", inline: inline(text, deep) })],
  [/^\*(?=[^\s*])([^*\n]*?[^\s*])\*/, ([, text], deep) => ({ kind: "em", inline: inline(text, deep) })],
  [/^\[(\d{1,3})\]/, ([, number]) => ({ kind: "cite", number: Number(number) })],
  [/^\[([^\]\n]+)\]\((https?:\/\/[^\s)]+)\)/, ([, text, href], deep) => ({ kind: "link", href, inline: inline(text, deep) })],
  [/^https?:\/\/[^\s<>()\uE000]+[^\s<>().,;:!?'"\uE000]/, ([href]) => ({ kind: "link", href, inline: [{ kind: "text", text: href }] })],
  [new RegExp(`^${MARK.source}`), ([, place]) => ({ kind: "mark", place: Number(place) })],
  [/^\n/, () => ({ kind: "break" })],
  [/^\\([\\`*_[\]#>-])/, ([, text]) => ({ kind: "text", text })],
];

/** How deep emphasis is read within emphasis. */
const DEEPEST = 4;

function inline(text, deep = 0) {
  const parts = [];
  let plain = "";
  const flush = () => {
    if (plain) parts.push({ kind: "text", text: plain });
    plain = "";
  };
  let rest = text;
  while (rest) {
    const found = deep < DEEPEST && /^[`*_[h\uE000\n\\]/.test(rest) ? first(rest, deep) : null;
    if (found) {
      flush();
      parts.push(found.part);
      rest = rest.slice(found.length);
      continue;
    }
    const next = rest.slice(1).search(/[`*_[h\uE000\n\\]/);
    const length = next === -1 ? rest.length : next + 1;
    plain += rest.slice(0, length);
    rest = rest.slice(length);
  }
  flush();
  return parts;
}

function first(rest, deep) {
  for (const [pattern, make] of INLINE) {
    const found = pattern.exec(rest);
    if (found) return { part: make(found, deep + 1), length: found[0].length };
  }
  return null;
}
