// Asking until answered.
//
// A command that was sent may have been decided although its answer never came. So it is asked again under the same id,
// for which the server gives the same answer, until there is one. Pure but for what it is given.

/** Codes below this mean, in the client library, that the answer was lost on the way. */
const FIRST_SERVER_CODE = 100;
const FIRST_WAIT = 250;
const LONGEST_WAIT = 5000;

/** Whether asking again with the same id can help. */
export function askAgain(error) {
  if (error?.temporary === true) return true;
  return typeof error?.code === "number" && error.code < FIRST_SERVER_CODE;
}

/**
 * @template T
 * @param {() => Promise<T>} send asks once, always with the same command id
 * @param {{ready: () => Promise<void>, pause: (ms: number) => Promise<void>, again?: (tries: number) => void}} world
 *   `ready` resolves when the connection is up; `again` is told before each repetition
 * @returns {Promise<T>} the answer; rejects with an error that asking again cannot mend
 */
export async function untilAnswered(send, { ready, pause, again = () => {} }) {
  for (let tries = 1, wait = FIRST_WAIT; ; tries += 1, wait = Math.min(wait * 2, LONGEST_WAIT)) {
    await ready();
    try {
      return await send();
    } catch (error) {
      if (!askAgain(error)) throw error;
      again(tries);
      await pause(wait);
    }
  }
}
