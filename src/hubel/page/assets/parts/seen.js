// Views are drawn while they are seen, and never faster than they can be.

// Gives a function that asks for `draw`, an async function: at once, when `root` comes into sight, or when the last one is done.
export function drawnWhileSeen(root, draw) {
  let seen = false, due = false, drawing = false;
  const go = async () => {
    due = true;
    if (!seen || drawing) return;
    drawing = true;
    try {
      while (due && seen) {
        due = false;
        await draw();
      }
    } finally {
      drawing = false;
    }
  };
  new IntersectionObserver((entries) => {
    seen = entries.at(-1).isIntersecting;
    if (seen && due) go();
  }).observe(root);
  return go;
}

// Ctrl or Cmd with Z, and with Shift too: back and forth in a view, where no number or word is being typed.
export function undoneByKeys(root, undo, redo) {
  root.addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== "z" || event.target.closest("input:not([type=range], [type=checkbox]), textarea")) return;
    event.preventDefault();
    if (event.shiftKey) redo(); else undo();
  });
}
