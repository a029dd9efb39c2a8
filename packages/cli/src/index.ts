// chatctl as a library: end-to-end tests bring platforms up and find them the way people do.
export { cacheFolder, chatctl } from './chatctl.ts';
export type { CommandContext } from './command.ts';
export { main } from './main.ts';
export { CliError, type CliErrorCode } from './errors.ts';
export {
  Instance,
  newestInstance,
  type Endpoint,
  type ProcessesState,
  type ProgramState,
} from './instance/instance.ts';
export { findTarget, localEndpoint, type Target } from './instance/target.ts';
export { probe } from './processes/probe.ts';
export { DEV_RIGHTS, mintToken, readKey, type TokenClaims } from './token.ts';
