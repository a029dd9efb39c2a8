import { aclLine, redisAccess, type RedisComponent } from '../access/access.ts';
import { appendModel } from './append-model.ts';
import { CONTRACT_PREFIX, realSubject, type Login, type RealSubject } from './real-subject.ts';
import { redisContract } from './redis-contract.ts';
import type { ContractSubject } from './subject.ts';
import { twinModel } from './twin-model.ts';

/** How the servers are set up, as the testkit takes it. */
export interface Place {
  readonly cluster?: boolean;
  /** Replicas of each primary. */
  readonly replicas?: number;
  readonly tls?: boolean;
  /** Lines of an ACL file. */
  readonly users?: readonly string[];
}

/** Running servers, as the testkit gives them. */
export interface PlaceStore {
  readonly endpoints: string[];
  readonly ca: string | undefined;
  readonly admin: Login | undefined;
  stop(): Promise<void>;
}

const login = (component: RedisComponent): Login => ({
  username: `chat-${component}`,
  password: `secret of the ${component}`,
});

/** A user for each component, as lines of an ACL file. */
export const COMPONENT_USERS = (['gateway', 'worker', 'operator'] as const).map((component) => {
  const { username, password } = login(component);
  return aclLine(username, password, redisAccess(component, CONTRACT_PREFIX));
});

/** The contract on real servers that are set up as `place` says, which must be empty. */
export function contractAt(name: string, place: Place, start: (place: Place) => Promise<PlaceStore>): void {
  describe(name, () => {
    let store: PlaceStore;
    let real: RealSubject;

    beforeAll(async () => {
      store = await start(place);
      real = realSubject(
        {
          endpoints: store.endpoints,
          cluster: place.cluster === true,
          ...(store.ca !== undefined && { tls: { ca: store.ca } }),
        },
        store.admin && { gateway: login('gateway'), worker: login('worker'), admin: store.admin },
      );
    });
    afterAll(async () => {
      await real?.close();
      await store?.stop();
    });

    const subject: ContractSubject = {
      open: () => real.open(),
      snapshot: () => real.snapshot(),
      endLease: (incarnation) => real.endLease(incarnation),
      patienceMs: 10_000,
    };
    redisContract(name, subject);
    // What they try does not depend on who may log in and how.
    if (place.users !== undefined) return;
    describe('rebuilding', () => appendModel(subject, 15));
    describe('twin', () => twinModel(subject, 60));
  });
}
