// One conversation as its page knows it: a view from the server, kept up to date by what its channel tells. Pure.
//
// Positions in an answer are counted in characters (code points), as the server does. Words come twice: in passing, at once and
// without a number ("tokens"), and as a publication once they are kept ("written"). Each says where it begins, so whatever
// one has already is skipped, and what does not follow yet is left to the publication that does.

const OVER = new Set(["done", "stopped", "failed", "interrupted"]);

/** Whether an answer is over. */
export const isOver = ({ stage }) => OVER.has(stage);

/** Whether an answer ended before it was whole. */
export const canGoOn = ({ stage }) => isOver({ stage }) && stage !== "done";

/** An answer that was just asked for. */
const fresh = () => ({ stage: "queued", text: "", length: 0, sources: [], marks: [], stopping: false, rating: null });

/** The text without its first or after its last characters. */
const cut = (text, from, to) => [...text].slice(from, to).join("");

/**
 * The answer with a piece of text that begins at `from` and ends at `to`.
 * @returns {any} the same answer where the piece says nothing new or does not follow
 */
export function withPiece(answer, { from, to, text, marks = [] }) {
  if (from > answer.length) return answer;
  const fresh = marks.filter((mark) => !answer.marks.some((known) => known.from === mark.from && known.to === mark.to));
  const more = to > answer.length ? cut(text, answer.length - from) : "";
  if (!more && !fresh.length) return answer;
  return {
    ...answer,
    stage: isOver(answer) ? answer.stage : "streaming",
    text: answer.text + more,
    length: Math.max(answer.length, to),
    marks: [...answer.marks, ...fresh],
  };
}

/** The answer cut to what was kept of it: words of the moment before a crash are nobody's. */
function cutTo(answer, length) {
  if (answer.length <= length) return answer;
  return { ...answer, text: cut(answer.text, 0, length), length, marks: answer.marks.filter(({ to }) => to <= length) };
}

const CHANGES = {
  begun: (answer) => ({ ...answer, stage: answer.length ? "streaming" : "retrieving" }),
  found: (answer, { sources }) => ({ ...answer, stage: "streaming", sources }),
  tokens: withPiece,
  written: withPiece,
  stop_asked: (answer) => ({ ...answer, stopping: true }),
  continued: (answer, { length }) => ({ ...cutTo(answer, length), stage: "queued", reason: null, stopping: false }),
  finished: (answer, { stage, length, reason, model, at }) => ({
    ...cutTo(answer, length),
    stage,
    reason,
    model: model || answer.model,
    ended_at: at,
    stopping: false,
  }),
  rated: (answer, { rating }) => ({ ...answer, rating: rating.verdict ? rating : null }),
};

/** The conversation after what its channel told. `offset` is undefined for what was said in passing. */
export function apply(chat, event, offset) {
  if (offset !== undefined && offset <= chat.offset) return chat;
  const next = offset === undefined ? chat : { ...chat, offset };
  if (event.type === "asked") {
    const { message, text, title, at } = event;
    if (chat.messages.some((known) => known.message === message)) return { ...next, title };
    const messages = [...chat.messages, { message, question: text, asked_at: at, answer: fresh() }];
    return { ...next, title, count: Math.max(chat.count, message), messages };
  }
  if (event.type === "renamed") return { ...next, title: event.title };
  if (event.type === "deleted") return { ...next, deleted: true };
  const change = CHANGES[event.type];
  if (!change) return next;
  const messages = chat.messages.map((known) => {
    if (known.message !== event.message) return known;
    const answer = change(known.answer, event);
    return answer === known.answer ? known : { ...known, answer };
  });
  if (messages.every((known, place) => known === chat.messages[place])) return next;
  return { ...next, messages };
}

/** Whether the view must be fetched: what was told does not follow what is known. */
export function needsView(chat, event) {
  if (event.type === "shared" || event.type === "unshared") return true;
  const known = chat.messages.find(({ message }) => message === event.message);
  if (!known) return event.message !== undefined && event.message > chat.count;
  if (event.type === "written") return event.from > known.answer.length;
  return event.type === "finished" && event.length > known.answer.length;
}

/** A view replaces what is known, but not the words of an answer that is further along here. */
export function renewed(chat, view) {
  if (view.offset < chat.offset) return chat;
  const messages = view.messages.map((seen) => {
    const known = chat.messages.find(({ message }) => message === seen.message);
    const ahead = known && !isOver(seen.answer) && !isOver(known.answer) && known.answer.text.startsWith(seen.answer.text);
    if (!ahead || known.answer.length <= seen.answer.length) return seen;
    const { text, length, marks } = known.answer;
    return { ...seen, answer: { ...seen.answer, text, length, marks, stage: "streaming" } };
  });
  const older = chat.messages.filter(({ message }) => message < (view.messages[0]?.message ?? 0));
  return { ...chat, ...view, messages: [...older, ...messages] };
}

/** The answer that is being written or waits first; null while there is none. */
export const current = (chat) => chat.messages.find(({ answer }) => !isOver(answer)) ?? null;

/** How well an answer stands on its sources: "grounded", "partly", "not_found" or null where nothing was compared. */
export function verdict(marks) {
  const badges = new Set(marks.map(({ badge }) => badge).filter((badge) => badge !== "not_compared"));
  if (!badges.size) return null;
  return badges.size === 1 ? [...badges][0] : "partly";
}
