// Weights as they travel in a page: base64 of float32 or float16, one after the other, low byte first.

export function fromBase64(text) {
  const characters = atob(text), bytes = new Uint8Array(characters.length);
  for (let at = 0; at < bytes.length; at++) bytes[at] = characters.charCodeAt(at);
  return bytes;
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
