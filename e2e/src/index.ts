// The platform under test, as end-to-end tests see it.
export { killOne, removeOne, until, type Fleet, type Unit } from './harness/fleet.ts';
export { platformUrl, testPlace, testPlatform, type Place, type TestPlatform } from './harness/platform.ts';
export { run } from './harness/run.ts';
export { startTwinPlatform, type TwinPlatform } from './harness/twin-platform.ts';
