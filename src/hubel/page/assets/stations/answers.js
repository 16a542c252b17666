// Whether what someone typed or chose is right.

// What a text can mean as a number: "1,234" and "1 234" are 1234, "0,5" is 0.5; both ways where either may be meant.
export function numbersIn(text) {
  const bare = text.replace(/[\s\u00a0\u202f%×]/g, "").replace(/[\u2212\u2013]/g, "-");
  if (!/^[+-]?[\d.,]*\d[\d.,]*(?:e[+-]?\d+)?$/i.test(bare)) return [];
  const readings = [bare.replaceAll(",", ""), bare.replace(",", ".")];
  return [...new Set(readings.map(Number))].filter(Number.isFinite);
}

// question: {kind: "number", answer, tolerance} with a tolerance in the answer's own unit, or {kind: "choice", right: [choice, ...]}.
export function isRight(question, given) {
  if (question.kind === "choice") return question.right.includes(given);
  const wanted = question.answers ?? [question.answer];
  return numbersIn(given).some((number) => wanted.some((answer) => Math.abs(number - answer) <= (question.tolerance ?? 0)));
}

// How near a typed number has to be: what four digits that count leave open, or what two decimals do.
export const nearly = (number) => Math.max(0.0051, Math.abs(number) * 0.01);

// Different numbers in their order, for a choice.
export const choicesOf = (texts) => [...new Set(texts)];
