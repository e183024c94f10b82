export * from "./types.js";

declare const plasmite: typeof import("./types.js");
export default plasmite;
