// Numbers as people read them.

// Four digits that count, and never more than a place has room for.
export function short(value) {
  if (!Number.isFinite(value)) return String(value);
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e6 || size < 1e-4) return value.toExponential(2);
  return String(Number(value.toPrecision(4)));
}

export const percent = (share) => `${(100 * share).toFixed(1)} %`;

export const grouped = (count) => count.toLocaleString("en");
