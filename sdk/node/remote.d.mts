export { RemoteClient, RemoteError, RemotePool, type RemoteClientOptions, type RemotePoolInfo, type RemoteTailOptions, type RequestOptions } from "./types.js";
