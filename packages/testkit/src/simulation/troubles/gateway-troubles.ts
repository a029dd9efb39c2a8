import { aGateway, DRAIN_MS, endGateway } from './endings.ts';
import type { Trouble } from './trouble.ts';

/** Before the drain's deadline, from which on it cannot be called off. */
const CALLED_OFF_MS = 7_000;

/** A publish that its sender gave up after 5 s and that arrives all the same. */
const LATE_MS = 6_000;

/** What happens to gateways. */
export const GATEWAY_TROUBLES: readonly Trouble[] = [
  {
    name: 'gateway-kill',
    weight: 3,
    make: (parts) => endGateway(parts, (program) => parts.platform.killGateway(program, false)),
  },
  {
    name: 'gateway-machine-lost',
    weight: 1,
    make: (parts) => endGateway(parts, (program) => parts.platform.killGateway(program, true)),
  },
  {
    name: 'gateway-drain',
    weight: 3,
    make: (parts) => endGateway(parts, (program) => void parts.platform.retireGateway(program), DRAIN_MS),
  },
  {
    name: 'gateway-kill-while-draining',
    weight: 1,
    make: (parts) =>
      endGateway(
        parts,
        (program) => {
          void parts.platform.retireGateway(program);
          parts.time.after(parts.dice.between(0, 3_000), () => {
            if (program.process.alive) parts.platform.killGateway(program, false);
          });
        },
        DRAIN_MS,
      ),
  },
  {
    name: 'gateway-drain-called-off',
    weight: 2,
    make: (parts) => {
      const program = aGateway(parts);
      if (program === undefined) return undefined;
      const { platform, time, dice } = parts;
      void platform.ask(program, 'POST /drain');
      time.after(dice.between(0, CALLED_OFF_MS), () => {
        if (!program.leaving) void platform.ask(program, 'DELETE /drain');
      });
      return { what: program.process.name, lastsMs: CALLED_OFF_MS };
    },
  },
  {
    name: 'payloads-lost',
    weight: 5,
    make: (parts) => {
      const program = aGateway(parts);
      if (program === undefined) return undefined;
      const count = parts.dice.whole(1, 4);
      parts.redis.losePayloads(program.process, count);
      return { what: `${count} of ${program.process.name}`, lastsMs: 0 };
    },
  },
  {
    name: 'payloads-late',
    weight: 2,
    make: (parts) => {
      const program = aGateway(parts);
      if (program === undefined) return undefined;
      const byMs = Array.from({ length: parts.dice.whole(1, 4) }, () => parts.dice.between(5, LATE_MS));
      parts.redis.delayPayloads(program.process, byMs);
      return { what: `${byMs.length} of ${program.process.name}`, lastsMs: LATE_MS };
    },
  },
  {
    name: 'inbox-cut',
    weight: 2,
    make: (parts) => {
      const program = aGateway(parts);
      if (program === undefined) return undefined;
      const lastsMs = parts.dice.between(20, 3_000);
      parts.redis.breakInbox(program.process, lastsMs);
      return { what: program.process.name, lastsMs };
    },
  },
];
