/** CRC16/XMODEM polynomial, as the Redis Cluster specification has it. */
const POLYNOMIAL = 0x1021;
/** Slots of every Redis Cluster. */
export const SLOTS = 16_384;

/** The cluster slot of a key's hash tag (ASCII). */
export function slotOf(tag: string): number {
  let crc = 0;
  for (const byte of Buffer.from(tag, 'latin1')) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit += 1) {
      crc = (crc & 0x8000) === 0 ? crc << 1 : (crc << 1) ^ POLYNOMIAL;
    }
    crc &= 0xffff;
  }
  return crc % SLOTS;
}
