// A zip made in the browser, without compressing: pictures are compressed already, and loose files travel together with the
// boxes that lie beside them. Pure.

const TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  let value = n;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value >>> 0;
});

/** CRC-32 as zip wants it. @param {Uint8Array} bytes */
export function crc32(bytes) {
  let sum = 0xffffffff;
  for (const byte of bytes) sum = TABLE[(sum ^ byte) & 0xff] ^ (sum >>> 8);
  return (sum ^ 0xffffffff) >>> 0;
}

/** Local headers, the directory's lines and the end of the directory have these lengths without their names. */
const LOCAL = 30;
const CENTRAL = 46;
const END = 22;
/** Names are UTF-8. */
const UTF8 = 0x0800;
/** 1 January 1980, the first day that zip knows: the same files make the same zip. */
const DAY = 0x0021;

/** How large the zip of these files will be. @param {Array<{name: string, size: number}>} files */
export function zipSize(files) {
  const names = files.map(({ name }) => new TextEncoder().encode(name).length);
  const heads = names.reduce((sum, length) => sum + LOCAL + CENTRAL + 2 * length, END);
  return files.reduce((sum, { size }) => sum + size, heads);
}

/**
 * The parts of a zip, in order, for a `Blob`.
 * @param {Array<{name: string, bytes: Uint8Array}>} files
 * @returns {Uint8Array[]}
 */
export function zipParts(files) {
  const parts = [];
  const directory = [];
  let offset = 0;
  for (const { name, bytes } of files) {
    const encoded = new TextEncoder().encode(name);
    const common = { crc: crc32(bytes), size: bytes.length, name: encoded };
    const local = head(LOCAL, 0x04034b50, 4, common);
    local.set(encoded, LOCAL);
    const central = head(CENTRAL, 0x02014b50, 6, common);
    central.set(encoded, CENTRAL);
    const view = new DataView(central.buffer);
    view.setUint16(4, 20, true);
    view.setUint32(42, offset, true);
    parts.push(local, bytes);
    directory.push(central);
    offset += local.length + bytes.length;
  }
  const size = directory.reduce((sum, line) => sum + line.length, 0);
  return [...parts, ...directory, end(files.length, size, offset)];
}

/** The fields that both kinds of header have, `at` being where they begin. */
function head(length, signature, at, { crc, size, name }) {
  const bytes = new Uint8Array(length + name.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, signature, true);
  view.setUint16(at, 20, true);
  view.setUint16(at + 2, UTF8, true);
  view.setUint16(at + 8, DAY, true);
  view.setUint32(at + 10, crc, true);
  view.setUint32(at + 14, size, true);
  view.setUint32(at + 18, size, true);
  view.setUint16(at + 22, name.length, true);
  return bytes;
}

function end(count, size, offset) {
  const bytes = new Uint8Array(END);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 0x06054b50, true);
  view.setUint16(8, count, true);
  view.setUint16(10, count, true);
  view.setUint32(12, size, true);
  view.setUint32(16, offset, true);
  return bytes;
}
