// Which maps a map is made from, and which maps it feeds.

const LINKS_ALL = "all";
// Of these kinds, each map is made from every map of the input.
const LINKS_MIXED = new Set(["local_convolution", "dense", "layer_normalisation", "softmax", "summarise_map"]);

// Channels of a layer's output, or 3 of the image.
const linksChannels = (session, name) => session.layers.get(name)?.output.at(-1) ?? 3;

function linksRange(first, count) {
  return Array.from({ length: count }, (_, place) => first + place);
}

// Channels of input number `place` that make a channel of the layer: "all", or their numbers.
function linksBack(session, layer, place, channel) {
  const step = session.steps.get(layer.steps[0]), own = layer.output.at(-1), taken = linksChannels(session, layer.inputs[place]);
  if (!step) return [channel];
  if (LINKS_MIXED.has(step.kind)) return LINKS_ALL;
  if (step.kind === "convolution") {
    const groups = step.attributes.groups ?? 1, part = taken / groups;
    return groups === 1 ? LINKS_ALL : linksRange(Math.floor(channel / (own / groups)) * part, part);
  }
  if (step.kind === "depthwise_convolution") return [Math.floor(channel / (own / taken))];
  if (step.kind === "concatenate") {
    const before = layer.inputs.slice(0, place).reduce((sum, name) => sum + linksChannels(session, name), 0);
    return channel >= before && channel < before + taken ? [channel - before] : [];
  }
  if (step.kind === "reshape") return taken === own ? [channel] : [channel % taken];
  return taken === own ? [channel] : LINKS_ALL;
}

// [{layer: name or "image", channels: "all" or their numbers}]
export function madeFrom(session, name, channel) {
  const layer = session.layers.get(name);
  return layer.inputs.map((input, place) => ({ layer: input, channels: linksBack(session, layer, place, channel) }))
    .filter(({ channels }) => channels === LINKS_ALL || channels.length);
}

// Channels of a layer that input number `place` helps to make with one of its channels.
function linksOn(session, layer, place, channel) {
  const step = session.steps.get(layer.steps[0]), own = layer.output.at(-1), taken = linksChannels(session, layer.inputs[place]);
  if (!step) return [channel];
  if (LINKS_MIXED.has(step.kind)) return LINKS_ALL;
  if (step.kind === "convolution") {
    const groups = step.attributes.groups ?? 1, part = own / groups;
    return groups === 1 ? LINKS_ALL : linksRange(Math.floor(channel / (taken / groups)) * part, part);
  }
  if (step.kind === "depthwise_convolution") return linksRange(channel * (own / taken), own / taken);
  if (step.kind === "concatenate") return [channel + layer.inputs.slice(0, place).reduce((sum, each) => sum + linksChannels(session, each), 0)];
  if (step.kind === "reshape" && taken !== own) return linksRange(0, own / taken).map((each) => each * taken + channel);
  return taken === own ? [channel] : LINKS_ALL;
}

// [{layer, channels}] of the layers that take a layer's value; name may be "image".
export function feeds(session, name, channel) {
  return session.data.layers.flatMap((layer) => layer.inputs.flatMap((input, place) => (
    input === name ? [{ layer: layer.name, channels: linksOn(session, layer, place, channel) }] : [])));
}

// The same, but past layers that are only marks on others: to what they are made from, or what they feed in the end.
// follow: madeFrom or feeds; passes(name): such a layer. Gives [{layer, channels, through: names of the layers passed}].
export function linksPast(session, follow, { name, channel, passes }) {
  const found = new Map();
  const add = (layer, channels, through) => {
    const before = found.get(layer)?.channels;
    const both = before === LINKS_ALL || channels === LINKS_ALL ? LINKS_ALL : [...new Set([...(before ?? []), ...channels])].sort((a, b) => a - b);
    found.set(layer, { layer, channels: both, through });
  };
  const walk = (from, at, through) => {
    for (const { layer, channels } of follow(session, from, at)) {
      if (!passes(layer)) add(layer, channels, through);
      else if (channels === LINKS_ALL) walkAll(layer, [...through, layer]);
      else channels.forEach((each) => walk(layer, each, [...through, layer]));
    }
  };
  const walkAll = (from, through) => {
    for (const { layer } of follow(session, from, 0)) {
      if (passes(layer)) walkAll(layer, [...through, layer]);
      else add(layer, LINKS_ALL, through);
    }
  };
  walk(name, channel, []);
  return [...found.values()];
}

// "map 3", "maps 1 and 2", "all 32 maps" of a layer, in words.
export function linkWords(session, { layer, channels }) {
  const count = linksChannels(session, layer), vector = session.layers.has(layer) && session.layers.get(layer).output.slice(0, -1).every((side) => side === 1);
  const one = layer === "image" ? "colour" : vector ? "number" : "map";
  const plural = `${one}s`;
  const which = channels === LINKS_ALL ? (count === 1 ? `the one ${one}` : `all ${count.toLocaleString("en")} ${plural}`)
    : channels.length === 1 ? `${one} ${channels[0]}` : `${channels.length.toLocaleString("en")} ${plural}`;
  return `${which} of ${layer === "image" ? "the image" : layer}`;
}
