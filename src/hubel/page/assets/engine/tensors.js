// Weights as they travel in a page: base64 of float32 or float16, one after the other, low byte first.

export function fromBase64(text) {
  const characters = atob(text), bytes = new Uint8Array(characters.length);
  for (let at = 0; at < bytes.length; at++) bytes[at] = characters.charCodeAt(at);
  return bytes;
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, first) => {
  let rest = first;
  for (let bit = 0; bit < 8; bit++) rest = rest & 1 ? (rest >>> 1) ^ 0xedb88320 : rest >>> 1;
  return rest;
});

// The checksum of zlib and PNG (ISO 3309).
export function crc32(bytes) {
  let rest = 0xffffffff;
  for (let at = 0; at < bytes.length; at++) rest = CRC_TABLE[(rest ^ bytes[at]) & 255] ^ (rest >>> 8);
  return (rest ^ 0xffffffff) >>> 0;
}

// Throws where the weights are not those that were written.
export function checkSeal(bytes, seal) {
  if (bytes.length === seal.bytes && crc32(bytes) === seal.crc32) return;
  throw new Error("The weights in this page are damaged, so it cannot name images. Get the file again, or export it again.");
}

// index: name → {shape, offset, dtype}; offset in bytes, dtype "float32" or "float16". Gives name → {shape, data}.
export function readTensors(index, bytes) {
  return new Map(Object.entries(index).map(([name, { shape, offset, dtype }]) => {
    const count = shape.reduce((product, side) => product * side, 1), start = bytes.byteOffset + offset;
    const width = dtype === "float16" ? 2 : 4, part = bytes.buffer.slice(start, start + count * width);
    return [name, { shape, data: dtype === "float16" ? Float32Array.from(new Uint16Array(part), fromFloat16) : new Float32Array(part) }];
  }));
}

export function fromFloat16(bits) {
  const sign = bits & 0x8000 ? -1 : 1, exponent = (bits >> 10) & 0x1f, fraction = bits & 0x3ff;
  if (exponent === 0) return sign * 2 ** -24 * fraction;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * 2 ** (exponent - 15) * (1 + fraction / 1024);
}
