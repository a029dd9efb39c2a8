import { browserWakes } from './wake.ts';

/** What of a browser matters here. */
class FakeBrowser extends EventTarget {
  readonly document = Object.assign(new EventTarget(), { visibilityState: 'visible' });
}

const NAMES = ['document', 'addEventListener', 'removeEventListener'];
const real = new Map(NAMES.map((name) => [name, Object.getOwnPropertyDescriptor(globalThis, name)]));
let browser: FakeBrowser;

beforeEach(() => {
  browser = new FakeBrowser();
  Object.assign(globalThis, {
    document: browser.document,
    addEventListener: browser.addEventListener.bind(browser),
    removeEventListener: browser.removeEventListener.bind(browser),
  });
});

afterEach(() => {
  for (const [name, before] of real) {
    Reflect.deleteProperty(globalThis, name);
    if (before) Object.defineProperty(globalThis, name, before);
  }
});

test('a browser that is online again, or a page that is shown again, is a sign that connecting may succeed', () => {
  let wakes = 0;
  const stop = browserWakes(() => {
    wakes += 1;
  });
  browser.dispatchEvent(new Event('online'));
  expect(wakes).toBe(1);
  browser.document.visibilityState = 'hidden';
  browser.document.dispatchEvent(new Event('visibilitychange'));
  expect(wakes).toBe(1);
  browser.document.visibilityState = 'visible';
  browser.document.dispatchEvent(new Event('visibilitychange'));
  expect(wakes).toBe(2);
  stop();
  browser.dispatchEvent(new Event('online'));
  browser.document.dispatchEvent(new Event('visibilitychange'));
  expect(wakes).toBe(2);
});
