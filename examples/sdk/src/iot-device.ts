// A device with a bad connection: it measures all the time, sends when it can, and carries out each command once, also
// those that came while it was off.
import { readFileSync, writeFileSync } from 'node:fs';
import { connect, type ChatClient, type ClientError, type Room } from '@chatplatform/client';

/** What the device is told to do. */
export interface Command {
  readonly setIntervalMs: number;
}

/** What the device measures. */
export interface Reading {
  readonly at: number;
  readonly celsius: number;
}

/** What survives a restart: how far the commands have been carried out. */
export interface DeviceState {
  position: string | undefined;
  intervalMs: number;
}

/** A thermometer. */
export class Device {
  readonly state: DeviceState;
  readonly #telemetry: string;
  readonly #client: ChatClient;
  readonly #commands: Room<Command>;
  readonly #measure: () => number;
  readonly #save: (state: DeviceState) => void;
  /** Readings that found no place in the outbox. */
  dropped = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    client: ChatClient,
    id: string,
    state: DeviceState,
    parts: { measure: () => number; save: (state: DeviceState) => void },
  ) {
    this.#client = client;
    this.state = state;
    this.#telemetry = `telemetry:${id}`;
    this.#measure = parts.measure;
    this.#save = parts.save;
    const { position } = state;
    // With a position: everything since. The first time: only what comes from now on.
    const options = position === undefined ? { limit: 0 } : { from: position };
    this.#commands = client.join<Command>(`device:${id}`, { ...options, classes: ['msg'] });
    this.#commands.on('message', ({ id: at, data }) => {
      this.state.intervalMs = data.setIntervalMs;
      this.state.position = at;
      this.#save(this.state);
    });
    void this.#commands.ready.then(() => {
      this.state.position ??= this.#commands.position;
      this.#save(this.state);
    });
  }

  /** Measures and sends, now and from now on. */
  start(): void {
    this.#client
      .publish(this.#telemetry, { at: Date.now(), celsius: this.#measure() } satisfies Reading)
      .catch((error: ClientError) => {
        // A thousand readings wait already; the newest one can be spared.
        if (error.code === 'outbox-full') this.dropped += 1;
        else console.error(error.message);
      });
    this.#timer = setTimeout(() => this.start(), this.state.intervalMs);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}

if (process.argv[1] === import.meta.filename) {
  const [url = '', token = '', id = 'thermometer-1', file = `${id}.json`] = process.argv.slice(2);
  const load = (): DeviceState => {
    try {
      return JSON.parse(readFileSync(file, 'utf8')) as DeviceState;
    } catch {
      return { position: undefined, intervalMs: 5_000 };
    }
  };
  const client = connect({ url, token, application: 'iot-device' });
  client.on('error', ({ message }) => console.error(message));
  const device = new Device(client, id, load(), {
    measure: () => 20 + Math.random(),
    save: (state) => writeFileSync(file, JSON.stringify(state)),
  });
  device.start();
  process.once('SIGINT', () => {
    device.stop();
    client.close();
  });
}
