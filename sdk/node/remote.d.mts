export * from "./remote.js";
