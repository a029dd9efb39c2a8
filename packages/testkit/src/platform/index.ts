export { devSpec, makeTopics, type DevPlatform } from './dev-platform.ts';
