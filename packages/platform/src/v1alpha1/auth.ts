import { z } from 'zod';
import { matching, withRules } from './rule.ts';
import { secretKeyRef } from './values.ts';

const MAX_URL = 2048;
const ALGORITHMS = [
  'HS256',
  'HS384',
  'HS512',
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'ES256',
  'ES384',
  'EdDSA',
] as const;

const isShared = (algorithm: string): boolean => algorithm.startsWith('HS');

/** How clients prove who they are: JWTs of one issuer, verified by a key set or by one shared key. */
export const Auth = withRules(
  z.object({
    issuer: z.string().min(1).max(MAX_URL).meta({ description: 'Required value of the claim "iss".' }),
    audience: z.string().min(1).max(MAX_URL).meta({ description: 'Required value of the claim "aud".' }),
    jwksURL: withRules(z.string().max(MAX_URL), [
      matching(
        /^https?:\/\/[^/ ]+/,
        'write the full address of the key set, such as "https://id.example.com/.well-known/jwks.json"',
      ),
    ]).optional(),
    keySecretRef: secretKeyRef('key', 'Secret with the shared key of HS256, HS384 or HS512.').optional(),
    algorithms: z
      .array(z.enum(ALGORITHMS))
      .min(1)
      .max(ALGORITHMS.length)
      .meta({ description: 'Accepted signature algorithms.', 'x-kubernetes-list-type': 'set' }),
    clockToleranceSeconds: z.int().min(0).max(300).default(5),
  }),
  [
    {
      cel: 'has(self.jwksURL) != has(self.keySecretRef)',
      message:
        'write exactly one of jwksURL (keys of an identity provider) and keySecretRef (one shared key)',
      holds: (self) => (self.jwksURL === undefined) !== (self.keySecretRef === undefined),
    },
    {
      cel: "!has(self.keySecretRef) || self.algorithms.all(a, a.startsWith('HS'))",
      message: 'with keySecretRef write only HS256, HS384 or HS512 in algorithms',
      holds: (self) => self.keySecretRef === undefined || self.algorithms.every(isShared),
    },
    {
      cel: "!has(self.jwksURL) || self.algorithms.all(a, !a.startsWith('HS'))",
      message:
        'with jwksURL write public-key algorithms (such as RS256 or ES256) in algorithms, not HS256, HS384 or HS512',
      holds: (self) => self.jwksURL === undefined || !self.algorithms.some(isShared),
    },
  ],
);
