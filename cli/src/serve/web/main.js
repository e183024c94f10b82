// The page: /ui shows all pools, /ui/pools/NAME one of them.

import { showPool } from "./pool.js";
import { showPools } from "./pools.js";
import { takeToken } from "./session.js";

takeToken();
const name = /^\/ui\/pools\/([^/]+)\/?$/.exec(location.pathname)?.[1];
if (name === undefined) showPools();
else showPool(decodeURIComponent(name));
