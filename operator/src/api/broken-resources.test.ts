import { parseChatPlatform } from '@chatplatform/platform';
import { BROKEN_PLATFORMS, demoPlatform } from '../testing/broken-resources.ts';

describe('a resource read from a file', () => {
  test('is taken when the API server would take it', () => {
    expect(parseChatPlatform(demoPlatform()).metadata.name).toBe('demo');
  });

  test.each(BROKEN_PLATFORMS)('%s is refused, as by the API server', (_, resource) => {
    expect(() => parseChatPlatform(resource)).toThrow(/not a valid ChatPlatform/);
  });
});
