// Every view, in the order of the page's menu.
import { volumes } from "./volumes.js";
import { maps } from "./maps.js";
import { filters } from "./filters.js";
import { parameters } from "./parameters.js";

// A view: {id, title, about, make(root, session) → undefined or {shown(), hidden(), arrows}}. `make` builds it once; it listens to the session.
// arrows: the arrow keys select the map and the layer while nothing on the page has them.
export const VIEWS = [volumes, maps, filters, parameters];
