// Where the page is, in its address: `#view` or `#view/LAYER/MAP/ROW/COLUMN`, so that a place can be sent to somebody.

const ADDRESS_OWN = new Set(["course"]);  // views that say in their own words what follows their name

// hash: as in location.hash → {view, rest: parts behind it, selection: {layer, channel, at} or null}
export function readAddress(hash) {
  const [view = "", ...rest] = hash.replace(/^#/, "").split("/").map(addressPart);
  if (!rest[0] || ADDRESS_OWN.has(view)) return { view, rest, selection: null };
  const [channel, row, column] = rest.slice(1, 4).map((text) => (/^\d{1,9}$/.test(text ?? "") ? Number(text) : 0));
  return { view, rest, selection: { layer: rest[0], channel: channel ?? 0, at: [row ?? 0, column ?? 0] } };
}

function addressPart(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return "";  // a damaged address leads to the first view
  }
}

// The address of a view with what is selected; null where the view words its own.
export function writeAddress(view, { layer, channel, at }) {
  if (ADDRESS_OWN.has(view)) return null;
  return `#${[view, layer, channel, ...at].map(encodeURIComponent).join("/")}`;
}

// Go to a view; what is selected goes along.
export function goTo(view) {
  location.hash = `#${view}`;
}
