// Hosts report their load; a dashboard shows the newest value of each. In a latest-value room a slow dashboard skips
// what is outdated instead of falling behind, and a new one has the whole board at once.
import { loadavg, hostname } from 'node:os';
import { connect, type ChatClient, type Room } from '@chatplatform/client';

/** What a host reports. */
export interface Load {
  readonly load: number;
  readonly at: number;
}

/** The board of a cluster: a room of kind `latest` (`spec.rooms` of the platform says so for the prefix `board`). */
export function openBoard(client: ChatClient, cluster: string): Room<Load> {
  return client.join<Load>(`board:${cluster}`, { classes: ['msg'] });
}

/** Lines of a table, the busiest host first. */
export function renderBoard(board: Room<Load>): string[] {
  return [...board.values]
    .flatMap(([host, { data }]) => (data ? [{ host, load: data.load }] : []))
    .toSorted((a, b) => b.load - a.load)
    .map(
      ({ host, load }) =>
        `${host.padEnd(24)} ${load.toFixed(2).padStart(6)} ${'#'.repeat(Math.round(load * 10))}`,
    );
}

/** Reports until it is stopped; the returned function takes the host off the board. */
export function reportLoad(board: Room<Load>, host: string, everyMs: number): () => Promise<void> {
  const report = (): void => {
    board
      .set(host, { load: loadavg()[0] ?? 0, at: Date.now() })
      .catch((error: Error) => console.error(error.message));
  };
  report();
  const timer = setInterval(report, everyMs);
  return async () => {
    clearInterval(timer);
    await board.delete(host);
  };
}

if (process.argv[1] === import.meta.filename) {
  const [url = '', token = '', role = 'show'] = process.argv.slice(2);
  const client = connect({ url, token, application: 'live-dashboard' });
  const board = openBoard(client, 'cpu');
  if (role === 'report') {
    const stop = reportLoad(board, hostname(), 1_000);
    process.once('SIGINT', () => void stop().finally(() => client.close()));
  } else {
    board.on('value', () => console.log(`\u001B[2J\u001B[H${renderBoard(board).join('\n')}`));
    process.once('SIGINT', () => client.close());
  }
}
