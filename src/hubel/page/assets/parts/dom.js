// Elements of the page. Text is always text: nothing that a name holds is read as markup.

// tag: such as "button" or "p.note"; properties: attributes, on… listeners, or `text`; children: elements or strings.
export function make(tag, properties = {}, ...children) {
  const [name, ...classes] = tag.split("."), element = document.createElement(name);
  if (classes.length) element.className = classes.join(" ");
  for (const [key, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (key === "text") element.textContent = value;
    else if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (key in element && typeof value !== "string") element[key] = value;
    else element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

export const get = (id) => document.getElementById(id);

// For people who hear the page: what has just changed.
export function announce(text) {
  get("announcer").textContent = text;
}
