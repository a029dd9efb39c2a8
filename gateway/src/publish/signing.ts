import {
  signer,
  verifier,
  watchSigningKeys,
  type InRecord,
  type KafkaLogger,
  type Sign,
} from '@chatplatform/kafka';
import type { GatewayConfig } from '@chatplatform/platform';
import type { Clock } from '@chatplatform/runtime';

/** What signatures of records mean to a gateway. */
export interface Signing {
  /** Signs what is written to the log. */
  readonly sign: Sign;
  /** Whether workers believe a record that was read from the log. */
  readonly isTrusted: (record: InRecord) => boolean;
  /** Stops following the file of the keys. */
  readonly stop: () => void;
}

/** @throws KafkaError `invalid` when the keys cannot be used; `undefined` where records are not signed. */
export function openSigning(
  config: GatewayConfig['signing'],
  tools: { clock: Clock; logger: KafkaLogger },
): Signing | undefined {
  if (config === undefined) return undefined;
  const { keysFile, required } = config;
  const keys = watchSigningKeys(keysFile, tools);
  const verify = verifier(() => keys.current());
  return {
    sign: signer(() => keys.current()),
    isTrusted: (record) => {
      const verdict = verify(record);
      return verdict === 'good' || (verdict === 'missing' && !required);
    },
    stop: () => keys.stop(),
  };
}
