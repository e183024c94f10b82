// The page: /ui shows all pools, /ui/pools/NAME one of them.

import { showPool } from "./pool.js";
import { showPools } from "./pools.js";
import { takeToken } from "./session.js";

takeToken();
const name = /^\/ui\/pools\/([^/]+)\/?$/.exec(location.pathname)?.[1];
if (name === undefined) showPools();
else showPool(decoded(name));

// What is no UTF-8 stays as it is: the server says what is wrong with it.
function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
