// The fifteen stations of the course, C1 to C15, in their order.
import { stationInput, stationExplosion, stationField, stationMatrix } from "./beginning.js";
import { stationConvolution, stationMaps, stationShared, stationSparse } from "./convolving.js";
import { stationResponse, stationKernels, stationArchitecture } from "./depth.js";
import { stationPooling, stationWhyPool } from "./pooling.js";
import { stationDense, stationKeras } from "./whole.js";

// A station: {title, ofImage, say(facts, session) → sentences, pose(facts, session) → promise of {look, ask}}.
// In a sentence, a name between `backticks` is code. ofImage: its question is about the image, so there has to be one.
// look: {view, label, select}; ask: {kind: "number" or "choice", question, answer, tolerance, choices, right, how, because}.
export const STATIONS = [
  stationInput, stationExplosion, stationField, stationMatrix, stationConvolution,
  stationResponse, stationMaps, stationShared, stationSparse, stationKernels,
  stationPooling, stationWhyPool, stationArchitecture, stationDense, stationKeras,
];
