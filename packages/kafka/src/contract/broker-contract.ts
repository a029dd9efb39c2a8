import { drivers } from './drivers.ts';
import { kafkaContract } from './kafka-contract.ts';

/** Brokers of their own for one suite; this package is below the one that starts them. */
export interface Brokers {
  readonly bootstrapServers: string[];
  readonly brokers: readonly { readonly process: { kill9(): Promise<void>; start(): Promise<void> } }[];
  stop(): Promise<void>;
}

/** The whole contract, kept by drivers on real brokers of one release. */
export function brokerContract(
  start: (options: { release: 'current' | 'oldest' }) => Promise<Brokers>,
  release: 'current' | 'oldest',
  driver: keyof typeof drivers,
): void {
  describe(`brokers of the ${release} release`, () => {
    let store: Brokers;
    beforeAll(async () => {
      store = await start({ release });
      // The first time ever the release is fetched.
    }, 600_000);
    afterAll(() => store.stop());

    kafkaContract(`${driver} on a real broker`, {
      connect: () => drivers[driver]({ bootstrapServers: store.bootstrapServers, clientId: 'contract' }),
      patienceMs: 20_000,
    });
  });
}
