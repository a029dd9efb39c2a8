import type { KubeObject } from '../kube/index.ts';
import { Resources } from '../kube/index.ts';
import { neededSecrets } from '../resources/secret-files.ts';
import type { ConditionDraft, Pass } from './pass.ts';
import { Reasons } from './reasons.ts';

interface Warning {
  readonly reason: string;
  readonly message: string;
}

/** What is allowed and will hurt. One condition, the most urgent reason first. */
export async function configurationWarning(pass: Pass): Promise<ConditionDraft> {
  const warnings = [
    ...(await missingSecrets(pass)),
    ...(await missingRules(pass)),
    ...drainWarning(pass),
    ...durabilityWarning(pass),
  ];
  const [first] = warnings;
  if (!first) {
    return {
      type: 'ConfigurationWarning',
      status: 'False',
      reason: Reasons.nothingToWarn,
      message: 'nothing to warn about',
    };
  }
  const message = warnings.map((warning) => warning.message).join('; ');
  return { type: 'ConfigurationWarning', status: 'True', reason: first.reason, message };
}

async function missingSecrets(pass: Pass): Promise<Warning[]> {
  const found = await Promise.all(
    neededSecrets(pass.spec).map(async ({ name, keys, field }) => {
      const secret = await pass.client.get(Resources.secret, pass.owner.namespace, name);
      const missing = keys.filter((key) => !hasKey(secret, key));
      if (missing.length === 0) return undefined;
      const what = secret
        ? `Secret "${name}" has no key "${missing.join('", "')}"`
        : `there is no Secret "${name}"`;
      return {
        reason: Reasons.secretMissing,
        message: `${field}: ${what}: create it with key "${keys.join('", "')}"`,
      };
    }),
  );
  return found.filter((warning) => warning !== undefined);
}

/** New workers do not start without their rules, and the old ones go on with what they have. */
async function missingRules(pass: Pass): Promise<Warning[]> {
  const { rules } = pass.spec.workers;
  if (!rules) return [];
  const { name } = rules.configMapRef;
  const configMap = await pass.client.get(Resources.configMap, pass.owner.namespace, name);
  const missing = rules.modules.filter((module) => !hasKey(configMap, module));
  if (missing.length === 0) return [];
  const what = configMap
    ? `ConfigMap "${name}" has no key "${missing.join('", "')}"`
    : `there is no ConfigMap "${name}"`;
  const message = `workers.rules: ${what}: create it with key "${rules.modules.join('", "')}"; until then new workers do not start`;
  return [{ reason: Reasons.rulesMissing, message }];
}

function hasKey(holder: KubeObject | undefined, key: string): boolean {
  return key in ((holder?.['data'] ?? {}) as Record<string, string>);
}

function drainWarning({ spec }: Pass): Warning[] {
  const { drain, service } = spec.gateway;
  if (
    service.deregistrationDelaySeconds === undefined ||
    service.deregistrationDelaySeconds <= drain.timeoutSeconds
  )
    return [];
  return [
    {
      reason: Reasons.drainShorterThanDeregistration,
      message: `gateway.drain.timeoutSeconds (${drain.timeoutSeconds}) is shorter than gateway.service.deregistrationDelaySeconds (${service.deregistrationDelaySeconds}): new clients may still be sent to a pod that has stopped; write a longer drain`,
    },
  ];
}

function durabilityWarning({ spec }: Pass): Warning[] {
  if (spec.kafka.mode !== 'EmbeddedDev') return [];
  return [
    {
      reason: Reasons.notDurable,
      message: 'kafka.mode EmbeddedDev keeps one copy of every message: for development only',
    },
  ];
}
