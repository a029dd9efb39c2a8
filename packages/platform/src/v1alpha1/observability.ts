import { z } from 'zod';
import { matching, withRules } from './rule.ts';

const MAX_ENDPOINT = 512;

/** What a platform tells of itself besides logs and metrics, which it always has. */
export const Observability = z.object({
  otlpEndpoint: withRules(
    z.string().min(1).max(MAX_ENDPOINT),
    [
      matching(
        /^https?:[/][/][^/ ]+[/]?$/,
        'write the base address of an OTLP/HTTP collector, such as "http://otel-collector.observability:4318", without a path',
      ),
    ],
    { description: 'Collector that traces of messages are sent to (OTLP/HTTP). Absent: nothing is traced.' },
  ).optional(),
  traceSampling: z.number().min(0).max(1).default(0.01).meta({
    description:
      'Share of the messages that get a trace. A message that brings a traceparent is traced when that says so, whatever the share.',
  }),
});
