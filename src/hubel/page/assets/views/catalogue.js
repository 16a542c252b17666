// Every view, in the order of the page's menu.
import { edit } from "./edit.js";
import { maps } from "./maps.js";
import { paint } from "./paint.js";
import { windowView } from "./window.js";

// A view: {id, title, about, make(root, session) → undefined or {shown(), hidden()}}. `make` builds it once; it listens to the session.
export const VIEWS = [
  maps,
  windowView,
  edit,
  paint,
];
