// Where a picture stands in its window: scale and offset, as pure functions over plain numbers.
//
// A place is `{scale, x, y}`: a point (u, v) of the picture is seen at (u * scale + x, v * scale + y) of the window.

/** How much larger than its pixels a picture may be shown. */
const MOST = 12;
/** How much of the window a region fills when it is brought into view. */
const FILL = 0.72;
/** Text is easiest to read at about this height, in pixels of the window. */
const READABLE = 72;

/** The smallest useful scale: the whole picture is seen. */
export function wholeScale(view, image) {
  return Math.min(view.width / image.width, view.height / image.height);
}

const limits = (view, image) => {
  const whole = wholeScale(view, image);
  return { least: whole, most: Math.max(MOST, whole * 4) };
};

/** The whole picture, in the middle. */
export function whole(view, image) {
  return clamp({ scale: wholeScale(view, image), x: 0, y: 0 }, view, image);
}

/**
 * A region in the middle: large enough to be read, with what is round it.
 * @param {{width: number, height: number}} view
 * @param {{width: number, height: number}} image
 * @param {{left: number, top: number, right: number, bottom: number}} region
 */
export function focus(view, image, region) {
  const width = Math.max(1, region.right - region.left);
  const height = Math.max(1, region.bottom - region.top);
  const fits = Math.min((view.width * FILL) / width, (view.height * FILL) / height);
  const { least, most } = limits(view, image);
  const scale = Math.max(least, Math.min(most, fits, Math.max(READABLE / height, least)));
  const x = view.width / 2 - (region.left + width / 2) * scale;
  const y = view.height / 2 - (region.top + height / 2) * scale;
  return clamp({ scale, x, y }, view, image);
}

/** Zooms by a factor, keeping the picture's point under (px, py) of the window where it is. */
export function zoomAt(place, factor, px, py, view, image) {
  const { least, most } = limits(view, image);
  const scale = Math.min(most, Math.max(least, place.scale * factor));
  const grown = scale / place.scale;
  return clamp({ scale, x: px - (px - place.x) * grown, y: py - (py - place.y) * grown }, view, image);
}

/** Moves the picture. */
export function pan(place, dx, dy, view, image) {
  return clamp({ ...place, x: place.x + dx, y: place.y + dy }, view, image);
}

/** No edge of the picture comes further in than the window's middle asks: small ones stand centred, large ones cover it. */
export function clamp(place, view, image) {
  const along = (offset, size, room) => (size <= room ? (room - size) / 2 : Math.min(0, Math.max(room - size, offset)));
  return {
    scale: place.scale,
    x: along(place.x, image.width * place.scale, view.width),
    y: along(place.y, image.height * place.scale, view.height),
  };
}

/** Two fingers before and after: how far they zoomed and moved. */
export function pinch(before, after) {
  const between = ([a, b]) => ({ x: (a.x + b.x) / 2, y: (a.y + b.y) / 2, apart: Math.hypot(a.x - b.x, a.y - b.y) });
  const from = between(before);
  const to = between(after);
  return { factor: from.apart > 0 ? to.apart / from.apart : 1, x: to.x, y: to.y, dx: to.x - from.x, dy: to.y - from.y };
}
