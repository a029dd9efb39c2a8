import type { Trouble } from './trouble.ts';

/** What happens to clients on their way. */
export const CLIENT_TROUBLES: readonly Trouble[] = [
  {
    name: 'client-cut',
    weight: 3,
    make: ({ dice, crowd, network }) => {
      const client = dice.pick(crowd.processes);
      if (client === undefined) return undefined;
      network.cut(client);
      return { what: client.name, lastsMs: 0 };
    },
  },
  {
    name: 'client-half-open',
    weight: 1,
    make: ({ dice, crowd, network }) => {
      const client = dice.pick(crowd.processes);
      if (client === undefined) return undefined;
      network.blackhole(client);
      return { what: client.name, lastsMs: 0 };
    },
  },
];
