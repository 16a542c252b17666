// Why an image is not read, in words for whoever gave it; they end without a full stop.

export class CannotRead extends Error {}

export const MOST_BYTES = 200_000_000, MOST_PIXELS = 64_000_000;

export const ENDS_EARLY = "the file ends too early: copy or download it again";
export const HOLDS_LESS = "it holds less of the image than its header says: copy or download it again";
export const IS_DAMAGED = "its content is damaged: copy or download it again";

export function checkBytes(count) {
  const limit = MOST_BYTES.toLocaleString("en");
  if (count === 0) throw new CannotRead("the file is empty");
  if (count > MOST_BYTES) throw new CannotRead(`the file has ${count.toLocaleString("en")} bytes, the limit is ${limit}: save it smaller`);
}

export function checkPixels(width, height) {
  const limit = MOST_PIXELS.toLocaleString("en"), sides = `${width.toLocaleString("en")} × ${height.toLocaleString("en")}`;
  if (width * height > MOST_PIXELS) throw new CannotRead(`it has ${sides} pixels, the limit is ${limit}: save it smaller`);
}
