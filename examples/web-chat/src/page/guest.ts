/** A guest as this browser remembers it. */
export interface Guest {
  readonly name: string;
  readonly user: string;
  /** Proof towards the server that this browser is the guest. */
  readonly seat: string;
}

const KEY = 'commons.guest';

/** The guest of the last visit; `undefined` on the first one. */
export function rememberedGuest(): Guest | undefined {
  try {
    const guest = JSON.parse(localStorage.getItem(KEY) ?? 'null') as Guest | null;
    return guest?.name && guest.user && guest.seat ? guest : undefined;
  } catch {
    return undefined;
  }
}

/** Forgets the guest, so that the next visit begins with a new one. */
export function forgetGuest(): void {
  localStorage.removeItem(KEY);
}

/** Becomes a guest under this name. @throws Error with what to tell the visitor. */
export async function becomeGuest(name: string): Promise<Guest> {
  const { user, seat } = await fetchToken({ name });
  const guest = { name, user, seat };
  localStorage.setItem(KEY, JSON.stringify(guest));
  return guest;
}

/**
 * A token for the guest. When the server does not know the seat any more (its key was made anew), the page
 * starts again as a new guest of the same name.
 *
 * @throws Error when the server gives none.
 */
export async function tokenOf(guest: Guest): Promise<string> {
  try {
    const { token } = await fetchToken({ user: guest.user, seat: guest.seat });
    return token;
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error;
    await becomeGuest(guest.name);
    location.reload();
    throw error;
  }
}

/** The server answered, and said no. */
class RefusedError extends Error {}

async function fetchToken(body: object): Promise<{ token: string; user: string; seat: string }> {
  const response = await fetch('/token', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (response.ok) return (await response.json()) as { token: string; user: string; seat: string };
  if (response.status === 400) throw new RefusedError('That name does not work; try another one.');
  throw new Error('The server does not answer; try again.');
}
