/**
 * The conformance suite of cp1: cases as data over a port for raw WebSockets. `chatctl conformance` runs it; whatever
 * implements {@link Stage} can.
 */
export type { ConformanceCase } from './case.ts';
export { Nonconformity } from './nonconformity.ts';
export { provenElsewhere } from './elsewhere.ts';
export { pageRows, type ConformanceRow } from './rows.ts';
export { Scene } from './scene.ts';
export type {
  AdminPort,
  DialOptions,
  Line,
  Need,
  RefusedUpgrade,
  Stage,
  TokenClaims,
  Wire,
} from './stage.ts';
export { conformanceSuite, mustRunAlone } from './suite.ts';
