export {
  RemoteClient,
  type RemoteClientOptions,
  RemoteError,
  RemotePool,
  type RemotePoolInfo,
  type RemoteTailOptions,
  type RequestOptions,
} from "./types.js";
