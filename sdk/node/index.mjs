// The same as index.js, for `import`.
import plasmite from "./index.js";

export const {
  Client,
  Pool,
  Stream,
  Lite3Stream,
  Message,
  Gap,
  Durability,
  ErrorKind,
  PlasmiteError,
  PlasmiteNativeError,
  InternalError,
  UsageError,
  NotFoundError,
  AlreadyExistsError,
  BusyError,
  PermissionDeniedError,
  CorruptError,
  IoError,
  RetentionGapError,
  RemoteClient,
  RemotePool,
  RemoteError,
  DEFAULT_POOL_SIZE,
  DEFAULT_POOL_SIZE_BYTES,
  defaultPoolDir,
  parseMessage,
  replay,
  version,
  libraryVersion,
  hasFeature,
  installGuard,
  jsonToLite3,
  lite3ToJson,
} = plasmite;

// What a module exports has its value from the start.
function poolDir() {
  try {
    return plasmite.DEFAULT_POOL_DIR;
  } catch {
    return undefined;
  }
}

export const DEFAULT_POOL_DIR = poolDir();

export default plasmite;
