// The WebSocket edge: clients on one side, the log and Redis on the other. It holds nothing that matters.
export { GatewayError, type GatewayErrorCode } from './errors.ts';
export { startGateway, type GatewayDeps } from './gateway.ts';
export type { Host } from './host.ts';
export { main } from './main.ts';
export { Lane, type LanePorts } from './publish/lane.ts';
export type { RunningGateway } from './running-gateway.ts';
export { MAX_BACKPRESSURE_BYTES } from './server/settings.ts';
export type { HttpAnswer, HttpRequest } from './server/http.ts';
export type { Server, ServerOptions } from './server/server.ts';
export type { Socket } from './server/socket.ts';
export { ResumeTokens } from './session/resume-token.ts';
