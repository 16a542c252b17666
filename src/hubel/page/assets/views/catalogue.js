// Every view, in the order of the page's menu.
import { course } from "./course.js";
import { edit } from "./edit.js";
import { filters } from "./filters.js";
import { maps } from "./maps.js";
import { paint } from "./paint.js";
import { parameters } from "./parameters.js";
import { volumes } from "./volumes.js";
import { windowView } from "./window.js";

// A view: {id, title, about, make(root, session) → undefined or {shown(), hidden(), arrows}}. `make` builds it once; it listens to the session.
// arrows: the arrow keys select the map and the layer while nothing on the page has them.
export const VIEWS = [
  volumes,
  maps,
  windowView,
  filters,
  edit,
  paint,
  parameters,
  course,
];
