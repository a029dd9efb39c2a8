// The checker: a pure judge over what clients saw, and the traffic that makes them see something.
export { formatVerdict } from './report.ts';
export type { History, HistoryEvent } from './history.ts';
export { judge } from './judge.ts';
export { Recorder } from './recorder.ts';
export type { Counts, Verdict, Violation, ViolationKind } from './verdict.ts';
