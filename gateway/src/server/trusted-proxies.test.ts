import { customerOf, trustedProxies } from './trusted-proxies.ts';

describe('the address of a client', () => {
  const addressOf = trustedProxies(['10.0.0.0/8', '192.168.1.7', 'fd00::/8']);

  test.each([
    ['nobody is in front', '203.0.113.9', '', '203.0.113.9'],
    ['a stranger claims to be somebody', '203.0.113.9', '198.51.100.1', '203.0.113.9'],
    ['one proxy', '10.1.2.3', '198.51.100.1', '198.51.100.1'],
    ['two proxies', '10.1.2.3', '198.51.100.1, 192.168.1.7', '198.51.100.1'],
    ['a client that wrote something in front', '10.1.2.3', '1.2.3.4, 198.51.100.1', '198.51.100.1'],
    ['only proxies', '10.1.2.3', '10.9.9.9', '10.9.9.9'],
    ['nonsense behind a proxy', '10.1.2.3', 'unknown', '10.1.2.3'],
    ['nonsense behind two', '10.1.2.3', 'x, 10.4.4.4', '10.4.4.4'],
    ['IPv4 in the dress of IPv6', '0000:0000:0000:0000:0000:ffff:0a01:0203', '198.51.100.1', '198.51.100.1'],
    ['a proxy of IPv6', 'fd00::1', '2001:db8::5', '2001:db8::5'],
    ['an entry with a port', '10.1.2.3', '198.51.100.1:4711', '198.51.100.1'],
    ['an IPv6 entry with a port', '10.1.2.3', '[2001:db8::5]:4711', '2001:db8::5'],
  ])('%s', (_what, peer, forwarded, address) => {
    expect(addressOf(peer, forwarded)).toBe(address);
  });

  test('without proxies nobody is believed', () => {
    expect(trustedProxies([])('10.1.2.3', '198.51.100.1')).toBe('10.1.2.3');
  });

  test.each(['10.0.0.0/40', 'proxy.example', '10.0.0.0/x', ''])('"%s" is no range', (range) => {
    expect(() => trustedProxies([range])).toThrow(/trustedProxies holds/);
  });
});

test.each([
  ['203.0.113.9', '203.0.113.9'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:0db8:0001:0002::9', '2001:db8:1:2::/64'],
  ['2001:db8::9', '2001:db8:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
])('%s counts as %s', (address, customer) => {
  expect(customerOf(address)).toBe(customer);
});
