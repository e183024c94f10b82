// The remote client alone, for `import`: needs no addon.
import remote from "./remote.js";

export const { RemoteClient, RemotePool, RemoteError } = remote;
