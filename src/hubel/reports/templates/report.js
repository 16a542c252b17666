(() => {
  // names of classes and files are values in arrays here, never keys of objects nor HTML
  const data = JSON.parse(document.getElementById("examples").textContent);
  const title = document.getElementById("cell-title");
  if (!title) return;
  const list = document.getElementById("cell-images");
  const more = document.getElementById("cell-more");
  const next = document.getElementById("cell-next");
  const buttons = Array.from(document.querySelectorAll("button[data-true]"));
  const PAGE = 120;
  const [tileHeight, tileWidth] = data.tile;
  let waiting = [];

  const smallImage = (place, path) => {
    const tile = document.createElement("span");
    const sheet = Math.floor(place / data.tiles);
    const inside = place % data.tiles;
    const onSheet = Math.min(data.tiles, data.count - sheet * data.tiles);
    const rows = Math.ceil(onSheet / data.columns);
    const row = Math.floor(inside / data.columns);
    const column = inside % data.columns;
    tile.className = `tile sheet-${sheet}${Math.max(tileHeight, tileWidth) <= 48 ? " coarse" : ""}`;
    tile.setAttribute("role", "img");
    tile.setAttribute("aria-label", `Image ${path}`);
    tile.style.setProperty("--wide", String(tileWidth / tileHeight));
    tile.style.backgroundSize = `${100 * data.columns}% ${100 * rows}%`;
    tile.style.backgroundPosition = `${(100 * column) / (data.columns - 1)}% ${rows > 1 ? (100 * row) / (rows - 1) : 0}%`;
    return tile;
  };

  const add = () => {
    for (const [place, path, confidence] of waiting.splice(0, PAGE)) {
      const item = document.createElement("li");
      const share = document.createElement("span");
      share.textContent = `confidence ${confidence.toFixed(2)}`;
      const name = document.createElement("bdi");
      name.className = "path";
      name.textContent = path;
      item.append(smallImage(place, path), share, name);
      list.append(item);
    }
    next.hidden = waiting.length === 0;
    if (!next.hidden) next.textContent = `Show more (${waiting.length})`;
  };

  const show = (trueIndex, namedIndex) => {
    const found = data.rows.flatMap(([path, label, named, confidence], place) =>
      label === trueIndex && named === namedIndex ? [[place, path, confidence]] : []);
    waiting = found.sort((one, other) => other[2] - one[2]);
    list.replaceChildren();
    const count = data.confusion.length ? data.confusion[trueIndex][namedIndex] : found.length;
    const images = count === 1 ? "1 image" : `${count} images`;
    title.textContent = trueIndex === namedIndex
      ? `${data.classes[trueIndex]}, classified correctly: ${images}`
      : `${data.classes[trueIndex]} mistaken for ${data.classes[namedIndex]}: ${images}`;
    const left = count - found.length;
    more.textContent = left > 0 ? `${left} more ${left === 1 ? "is" : "are"} in predictions.csv; there is no room for them here.` : "";
    for (const button of buttons) {
      const chosen = Number(button.dataset.true) === trueIndex && Number(button.dataset.named) === namedIndex;
      button.classList.toggle("chosen", chosen);
      button.setAttribute("aria-pressed", String(chosen));
    }
    add();
  };

  for (const button of buttons) {
    button.addEventListener("click", () => show(Number(button.dataset.true), Number(button.dataset.named)));
  }
  next.addEventListener("click", add);

  const trueChoice = document.getElementById("choose-true");
  const namedChoice = document.getElementById("choose-named");
  if (trueChoice) {
    for (const select of [trueChoice, namedChoice]) {
      data.classes.forEach((name, index) => {
        const option = document.createElement("option");
        option.textContent = name;
        option.value = String(index);
        select.append(option);
      });
      select.addEventListener("change", () => show(Number(trueChoice.value), Number(namedChoice.value)));
    }
  }

  const wrong = buttons.filter((button) => button.dataset.true !== button.dataset.named && !button.disabled);
  const size = (button) => data.rows.filter(([, label, named]) =>
    label === Number(button.dataset.true) && named === Number(button.dataset.named)).length;
  const sizes = wrong.map(size);
  const first = wrong[sizes.indexOf(Math.max(...sizes))] ?? buttons.find((button) => !button.disabled);
  if (first) show(Number(first.dataset.true), Number(first.dataset.named));
})();
