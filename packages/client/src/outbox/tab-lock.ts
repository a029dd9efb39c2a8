/**
 * Takes a lock that at most one tab, window or worker of the site holds; the browser gives it back when that one ends
 * or crashes.
 *
 * @returns how to give it back; `undefined` when somebody else holds it
 */
export function takeLock(name: string): Promise<(() => void) | undefined> {
  return new Promise((resolve, reject) => {
    navigator.locks
      .request(name, { ifAvailable: true }, (lock) => {
        if (!lock) {
          resolve(undefined);
          return undefined;
        }
        // The lock is held until this promise resolves.
        return new Promise<void>((release) => {
          resolve(release);
        });
      })
      .catch(reject);
  });
}
