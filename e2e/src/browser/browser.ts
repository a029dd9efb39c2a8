import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { chromium, type Browser, type BrowserContextOptions, type Locator, type Page } from 'playwright-core';
import { root, run } from '../harness/run.ts';

/** Milliseconds: everything a person waits for on the page, also over a restart of a gateway. */
const PATIENCE_MS = 45_000;
/** A quiet headless browser: no sandbox because tests may run as root in a container, nothing that phones home. */
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
/** Where the pictures of a run go. */
const PICTURES = join(root, 'e2e', '.tmp', 'screenshots');

/** Starts the browser of this machine, or the one the tools fetch. */
export async function openBrowser(): Promise<Browser> {
  const executablePath = await run('tools/deps/chromium');
  return chromium.launch({ executablePath, args: FLAGS });
}

/** One person in front of the demo page. */
export class Visitor {
  readonly name: string;
  readonly #page: Page;
  /** What the browser complained about. */
  readonly complaints: string[] = [];

  private constructor(name: string, page: Page) {
    this.name = name;
    this.#page = page;
    page.setDefaultTimeout(PATIENCE_MS);
    page.on('pageerror', (error) => this.complaints.push(error.message));
    page.on('console', (line) => {
      // A socket that a killed gateway drops is reported by the browser itself; the page must not mind.
      if (line.type() === 'error' && !line.text().includes('WebSocket')) this.complaints.push(line.text());
    });
  }

  /** Opens the page in a window of its own and gives a name. */
  static async enter(
    browser: Browser,
    name: string,
    address: string,
    window: BrowserContextOptions,
  ): Promise<Visitor> {
    const context = await browser.newContext(window);
    const visitor = new Visitor(name, await context.newPage());
    await visitor.#page.goto(address);
    await visitor.#page.getByLabel('Your name').fill(name);
    await visitor.#page.getByRole('button', { name: 'Join the conversation' }).click();
    await visitor.isConnected();
    return visitor;
  }

  /** Waits until the page says so. */
  async isConnected(): Promise<void> {
    await this.#page.locator('#state[data-state=connected]').waitFor();
  }

  /** Waits until the person is in the list of who is here. */
  async seesPerson(name: string): Promise<void> {
    await this.#page.locator('.person', { hasText: name }).waitFor({ state: 'attached' });
  }

  /** Waits until the person is not in the list any more. */
  async seesNoPerson(name: string): Promise<void> {
    await this.#page.locator('.person', { hasText: name }).waitFor({ state: 'detached' });
  }

  /** Begins to write without sending. */
  async type(text: string): Promise<void> {
    await this.#page.locator('#text').pressSequentially(text);
  }

  /** Waits until the page says that somebody types. */
  async seesTyping(name: string): Promise<void> {
    await this.#page.locator('#typing', { hasText: `${name} is typing` }).waitFor();
  }

  /** Writes and sends a message. */
  async say(text: string): Promise<void> {
    await this.#page.locator('#text').fill(text);
    await this.#page.locator('#text').press('Enter');
  }

  /** Waits until the message is in the conversation. */
  async sees(text: string): Promise<void> {
    await this.#conversation().locator('.messages .bubble', { hasText: text }).waitFor();
  }

  /** The conversation, from its first message to its last. */
  async texts(): Promise<string[]> {
    return this.#conversation().locator('.bubble').allTextContents();
  }

  /** Takes a picture for people to look at. */
  async picture(name: string): Promise<void> {
    await mkdir(PICTURES, { recursive: true });
    await this.#page.screenshot({ path: join(PICTURES, `${name}.png`) });
  }

  /** Closes the window. */
  async leave(): Promise<void> {
    await this.#page.context().close();
  }

  #conversation(): Locator {
    return this.#page.locator('.conversation:visible');
  }
}
