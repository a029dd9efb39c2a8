import { find } from './dom.ts';
import { becomeGuest, forgetGuest, rememberedGuest, type Guest } from './guest.ts';
import { Page } from './page.ts';

/** Asks for a name until there is a guest. */
function welcome(): Promise<Guest> {
  const dialog = find('welcome', HTMLDialogElement);
  const form = find('welcome-form', HTMLFormElement);
  const field = find('guest-name', HTMLInputElement);
  const problem = find('welcome-error', HTMLElement);
  // Without a name there is nothing behind the dialog to go back to.
  dialog.addEventListener('cancel', (event) => event.preventDefault());
  dialog.showModal();
  return new Promise((resolve) => {
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      becomeGuest(field.value.trim()).then(
        (guest) => {
          dialog.close();
          resolve(guest);
        },
        (error: Error) => {
          problem.textContent = error.message;
          problem.hidden = false;
        },
      );
    });
  });
}

async function gatewayUrl(): Promise<string> {
  const response = await fetch('/config');
  const { url } = (await response.json()) as { url: string | null };
  return url ?? `${location.origin.replace('http', 'ws')}/ws`;
}

find('me-change', HTMLElement).addEventListener('click', () => {
  forgetGuest();
  location.reload();
});
const [guest, url] = await Promise.all([rememberedGuest() ?? welcome(), gatewayUrl()]);
new Page(guest, url).start();
