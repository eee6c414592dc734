// Whether the connection has been away for long enough that nobody should wait for it.

import { OFFLINE_AFTER } from "./alarm-commands.js";
import { connection } from "./live.js";
import { Store } from "./store.js";

/** True once it has been away for a while, false as soon as it is back. */
export const lost = new Store(false);

let timer = null;

connection.watch((state) => {
  if (state === "live") {
    clearTimeout(timer);
    timer = null;
    lost.set(false);
  } else if (state === "offline") {
    lost.set(true);
  } else {
    timer ??= setTimeout(() => {
      timer = null;
      lost.set(connection.value !== "live");
    }, OFFLINE_AFTER);
  }
});
