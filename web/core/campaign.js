// What a campaign's channel tells, taken into its view. Pure.

/** No counts yet. */
export const NOTHING = {
  tasks: 0,
  done: 0,
  open: 0,
  review: 0,
  decided: 0,
  unusable: 0,
  undecided: 0,
  answers: 0,
  golds: 0,
  late: 0,
  agreement_bp: null,
  points_pending: 0,
  points_paid: 0,
  forecast_at: null,
};

/** The numbers of a campaign, whatever it has told so far. */
export function progressOf(view) {
  return { ...NOTHING, ...view.progress };
}

/**
 * A campaign's view after something was told.
 * @param {any} view
 * @param {any} told a publication of its channel
 */
export function apply(view, told) {
  const next = { ...view };
  if (told.progress) next.progress = { ...progressOf(view), ...told.progress };
  if (told.type === "campaign_changed") {
    next.state = told.state;
    if (told.reason) next.reason = told.reason;
    if (told.state === "in_progress" && !view.started_at) next.started_at = told.at;
    if (told.state === "completed") next.completed_at = told.at;
  }
  if (told.type === "tasks_added") {
    const progress = progressOf(view);
    next.progress = { ...progress, tasks: progress.tasks + told.tasks, open: progress.open + told.tasks };
    next.golds = (view.golds ?? 0) + (told.golds ?? 0);
  }
  return next;
}

/** Whether a publication changes more than it tells, so that the view must be read anew. */
export function needsView({ type }) {
  return type !== "task_settled" && type !== "more_wanted" && type !== "upload_went";
}

/** How far it is, from 0 to 1. */
export function fraction(view) {
  const { tasks, done } = progressOf(view);
  return tasks > 0 ? done / tasks : 0;
}

/** What may be done now, by who may do it. */
export function actionsOf(state, { admin }) {
  const actions = {
    requested: admin ? ["approve", "reject"] : [],
    approved: [],
    in_progress: ["pause", "complete"],
    paused: ["resume", "complete"],
  };
  return actions[state] ?? [];
}

/** Where images may be added. */
export function takesUploads(state) {
  return state !== "rejected" && state !== "completed";
}

/** Where the browser finds an image. */
export function imagePath(image) {
  return /^(\/|https?:)/.test(image) ? image : `/objects/${image}`;
}

/**
 * The different answers of a task with how many gave each, most first.
 * @param {Array<{answer: string, standing: string}>} answers
 */
export function candidates(answers) {
  const counted = answers.filter(({ standing }) => standing !== "dropped" && standing !== "late");
  const votes = new Map();
  for (const { answer } of counted) votes.set(answer, (votes.get(answer) ?? 0) + 1);
  return [...votes].map(([answer, count]) => ({ answer, count, of: counted.length })).sort((a, b) => b.count - a.count);
}

/**
 * The rules of a new campaign from what the form says.
 * @param {{kind: string, instructions: string, choices: string, care: "quick" | "usual" | "careful" | "confidence", points: number,
 *   gold: number, foldCase: boolean, foldWidth: boolean, ignorePunctuation: boolean}} form
 */
export function rulesOf(form) {
  return {
    kind: form.kind,
    instructions: form.instructions,
    choices: form.kind === "choice" ? choicesOf(form.choices) : [],
    text: { fold_case: form.foldCase, fold_width: form.foldWidth, ignore_punctuation: form.ignorePunctuation },
    stop: STOPS[form.care],
    // Choices tell by how they agree how well each person chooses; what is typed tells it by tests alone.
    ...(form.care === "confidence" && form.kind === "choice" ? { accuracy: "answers" } : {}),
    gold_bp: Math.round(form.gold * 100),
    points: form.points,
  };
}

/** One choice a line, without the same twice. */
export function choicesOf(text) {
  const lines = text.split("\n").map((line) => line.trim().replace(/\s+/g, " "));
  return [...new Set(lines.filter(Boolean))];
}

/** How sure an answer must be, by the names that the form gives it. */
export const STOPS = {
  quick: { quorum: { min_votes: 3, agreement_bp: 6600, max_votes: 7 } },
  usual: { quorum: { min_votes: 5, agreement_bp: 8000, max_votes: 15 } },
  careful: { quorum: { min_votes: 7, agreement_bp: 8500, max_votes: 21 } },
  confidence: { confidence: { target_bp: 9000, min_votes: 2, max_votes: 15 } },
};

/** The fewest and the most answers that a rule asks for one task. */
export function votesOf(stop) {
  const rule = stop?.quorum ?? stop?.confidence ?? stop?.points ?? {};
  return { least: rule.min_votes ?? Math.ceil((rule.accept_halves ?? 2) / 2), most: rule.max_votes ?? 15 };
}
