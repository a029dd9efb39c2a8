import type { Bench } from '../scenarios/scenario.ts';
import { centrifugoPeer, durableCentrifugoPeer } from './centrifugo.ts';
import type { PlatformUnderTest } from './chat-platform.ts';
import { peerFiles } from './peer-files.ts';
import { rawUws, socketIoPeer, type PeerPlace } from './peers.ts';
import { soketiPeer } from './soketi.ts';

/** The platform, and who else can be had on this machine; whoever cannot is left out, after a word from its tool. */
export async function allTargets(
  place: PeerPlace,
  platform: PlatformUnderTest,
  which: 'limit' | 'peers',
): Promise<Pick<Bench, 'targets' | 'durable'>> {
  const limit = rawUws(place);
  if (which === 'limit') return { targets: [platform, limit], durable: [platform, limit] };
  // One after the other: a build takes the whole machine.
  const socketIo = await peerFiles('socket.io');
  const soketi = await peerFiles('soketi');
  const centrifugo = await peerFiles('centrifugo');
  const single = [
    platform,
    limit,
    ...(socketIo === undefined ? [] : [socketIoPeer(place, socketIo)]),
    ...(soketi === undefined ? [] : [soketiPeer(place, soketi)]),
  ];
  if (centrifugo === undefined) return { targets: single, durable: single };
  return {
    targets: [...single, centrifugoPeer(place, centrifugo)],
    durable: [...single, durableCentrifugoPeer(place, centrifugo, platform)],
  };
}
