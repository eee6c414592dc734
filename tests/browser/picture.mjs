// Pictures for the journeys, drawn here: digits as seven-segment figures on paper, as PNG.

import { deflateSync } from "node:zlib";

import { crc32, zipParts } from "../../web/core/zip.js";

const SEGMENTS = ["abcdef", "bc", "abged", "abgcd", "fgbc", "afgcd", "afgedc", "abc", "abcdefg", "abcdfg"];
/** Left, top, width and height of each segment, in tenths of a figure of 10 by 18. */
const PLACES = {
  a: [1, 0, 8, 2],
  b: [8, 1, 2, 8],
  c: [8, 9, 2, 8],
  d: [1, 16, 8, 2],
  e: [0, 9, 2, 8],
  f: [0, 1, 2, 8],
  g: [1, 8, 8, 2],
};
const SCALE = 3;
const PAPER = 244;
const INK = 30;

/**
 * A picture of numbers, one a line, and the boxes that they stand in.
 * @param {string[]} lines of digits
 * @returns {{png: Buffer, boxes: Array<{left: number, top: number, right: number, bottom: number, text: string}>}}
 */
export function numbers(lines) {
  const width = 360;
  const height = 60 + lines.length * 90;
  const pixels = Buffer.alloc(width * height, PAPER);
  const fill = (x, y, w, h) => {
    for (let row = y; row < y + h; row += 1) pixels.fill(INK, row * width + x, row * width + x + w);
  };
  const boxes = lines.map((text, n) => {
    const top = 40 + n * 90;
    [...text].forEach((digit, at) => {
      for (const segment of SEGMENTS[Number(digit)]) {
        const [x, y, w, h] = PLACES[segment].map((tenth) => tenth * SCALE);
        fill(40 + at * 14 * SCALE + x, top + y, w, h);
      }
    });
    return { left: 32, top: top - 8, right: 40 + text.length * 14 * SCALE, bottom: top + 18 * SCALE + 8, text };
  });
  return { png: png(width, height, pixels), boxes };
}

function png(width, height, grey) {
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head[8] = 8;
  const rows = Buffer.alloc((width + 1) * height);
  for (let row = 0; row < height; row += 1) grey.copy(rows, row * (width + 1) + 1, row * width, (row + 1) * width);
  const parts = [chunk("IHDR", head), chunk("IDAT", deflateSync(rows)), chunk("IEND", Buffer.alloc(0))];
  return Buffer.concat([Buffer.from([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10]), ...parts]);
}

function chunk(type, data) {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const framed = Buffer.alloc(body.length + 8);
  framed.writeUInt32BE(data.length, 0);
  body.copy(framed, 4);
  framed.writeUInt32BE(crc32(body), body.length + 4);
  return framed;
}

/** The file of boxes that goes beside a picture. */
export function boxesFile(boxes) {
  const rows = boxes.map(({ left, top, right, bottom }) => [left, top, right, bottom].join(","));
  return Buffer.from(["left,top,right,bottom", ...rows, ""].join("\n"));
}

/** Files as one zip. @param {Array<{name: string, bytes: Uint8Array}>} files */
export function zip(files) {
  return Buffer.concat(zipParts(files));
}
