import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/**
 * The range to choose from lies below the ports the kernel hands out (32768 and up on Linux): a store keeps its
 * port while it is down, and no outgoing connection of another program may take it meanwhile.
 */
const LOWEST = 10_000;
const HIGHEST = 32_767;

function isFree(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen({ port, host, exclusive: true }, () => probe.close(() => resolve(true)));
  });
}

/**
 * Distinct TCP ports that nothing listens on now. Another program may still take one before it is used; whoever
 * starts a server with them tries again with others when it ends at once.
 */
export async function freePorts(count: number, host: string): Promise<number[]> {
  const ports = new Set<number>();
  while (ports.size < count) {
    const port = randomInt(LOWEST, HIGHEST + 1);
    if (!ports.has(port) && (await isFree(port, host))) ports.add(port);
  }
  return [...ports];
}
