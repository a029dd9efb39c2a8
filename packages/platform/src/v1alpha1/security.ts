import { z } from 'zod';
import { withRules } from './rule.ts';

/** What the services of a platform demand of each other. */
export const Security = z.object({
  messageSigning: withRules(
    z.enum(['Disabled', 'Permissive', 'Enabled']),
    [
      {
        cel: "oldSelf != 'Disabled' || self != 'Enabled'",
        message:
          'gateways that do not sign yet would have their messages refused: write Permissive first, and Enabled when all gateways have been replaced',
      },
      {
        cel: "oldSelf != 'Enabled' || self != 'Disabled'",
        message:
          'workers that demand signatures would refuse what new gateways acknowledge: write Permissive first, and Disabled when all workers have been replaced',
      },
    ],
    {
      description:
        'Permissive: gateways sign what they write to the log, and workers refuse a wrong signature. Enabled: workers refuse a missing one too.',
    },
  ).default('Disabled'),
});
