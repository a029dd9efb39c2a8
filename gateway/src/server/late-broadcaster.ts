import type { Broadcaster } from './socket.ts';

/** A broadcaster that is made before the server it speaks through; nobody is subscribed until then. */
export class LateBroadcaster implements Broadcaster {
  #server: Broadcaster | undefined;

  attach(server: Broadcaster | undefined): void {
    this.#server = server;
  }

  publish(topic: string, frame: string): void {
    this.#server?.publish(topic, frame);
  }

  subscribers(topic: string): number {
    return this.#server?.subscribers(topic) ?? 0;
  }
}
