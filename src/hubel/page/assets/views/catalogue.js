// Every view, in the order of the page's menu.
import { course } from "./course.js";
import { maps } from "./maps.js";

// A view: {id, title, about, make(root, session) → undefined or {shown(), hidden()}}. `make` builds it once; it listens to the session.
export const VIEWS = [maps, course];
