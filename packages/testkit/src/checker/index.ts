// The checker: a pure judge over what clients saw, and the traffic that makes them see something.
export { formatVerdict } from './report.ts';
export type { History, HistoryEvent } from './history.ts';
export { judge } from './judge.ts';
export type { Latency } from './latency.ts';
export { Recorder } from './recorder.ts';
export {
  runTraffic,
  type Disturbance,
  type Progress,
  type TrafficOptions,
  type TrafficResult,
} from './traffic.ts';
export type { TrafficClient, TrafficMessage, TrafficRoom } from './traffic-client.ts';
export type { Counts, Verdict, Violation, ViolationKind } from './verdict.ts';
