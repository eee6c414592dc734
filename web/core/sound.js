// The alarm's ring: a rising figure of bells made by WebAudio, louder with time, and the phone's motor.

import { Store } from "./store.js";

/** One figure of the melody lasts this long, in seconds. */
const FIGURE_S = 2.4;
/** From soft to full within this time, in seconds. */
const RISE_S = 30;
const SOFT = 0.12;
/** Frequencies in hertz: a pentatonic figure, which is hard to dislike and hard to sleep through. */
const NOTES = [659.26, 783.99, 880, 1174.66, 880, 1318.51];
const SHAKE = [500, 250, 500, 250, 900, 400];

let context = null;
let ringing = null;

/** "silent", "ringing", or "blocked" where the browser wants a touch before it lets a page sound. */
export const sounding = new Store("silent");

function made() {
  const Kind = globalThis.AudioContext ?? globalThis.webkitAudioContext;
  if (!context && Kind) context = new Kind();
  return context;
}

/** Lets the page sound later: to be called while a touch or key is handled. Whether it may now. */
export async function unlock() {
  try {
    await made()?.resume();
  } catch {
    return false;
  }
  if (ringing && context?.state === "running") sounding.set("ringing");
  return context?.state === "running";
}

/** Rings until `silence` is called. Rings on where it rings already. */
export function ring({ sound = true, vibrate = true } = {}) {
  if (ringing) return;
  const audio = sound ? made() : null;
  ringing = { timer: null, shaking: null, since: audio?.currentTime ?? 0 };
  if (audio) {
    audio.resume().catch(() => {});
    const play = () => {
      if (audio.state !== "running") return void sounding.set("blocked");
      sounding.set("ringing");
      figure(audio, ringing.since);
    };
    // A browser that needs a touch says so by not running a moment later.
    setTimeout(() => ringing && play(), 120);
    ringing.timer = setInterval(play, FIGURE_S * 1000);
  }
  if (vibrate && navigator.vibrate) {
    const shake = () => navigator.vibrate(SHAKE);
    shake();
    ringing.shaking = setInterval(shake, 3200);
  }
}

/** Ends the ring. */
export function silence() {
  if (!ringing) return;
  clearInterval(ringing.timer);
  clearInterval(ringing.shaking);
  navigator.vibrate?.(0);
  ringing = null;
  sounding.set("silent");
}

function figure(audio, since) {
  const now = audio.currentTime;
  const loud = Math.min(1, SOFT + ((1 - SOFT) * Math.max(0, now - since)) / RISE_S);
  for (const [n, pitch] of NOTES.entries()) bell(audio, pitch, now + n * 0.2, loud * 0.5);
}

function bell(audio, pitch, at, loud) {
  const gain = audio.createGain();
  gain.gain.setValueAtTime(0.0001, at);
  gain.gain.exponentialRampToValueAtTime(loud, at + 0.015);
  gain.gain.exponentialRampToValueAtTime(0.0001, at + 0.9);
  gain.connect(audio.destination);
  for (const [part, share] of [
    [1, 1],
    [2.76, 0.22],
  ]) {
    const tone = audio.createOscillator();
    const level = audio.createGain();
    level.gain.value = share;
    tone.frequency.value = pitch * part;
    tone.connect(level).connect(gain);
    tone.start(at);
    tone.stop(at + 1);
  }
}
