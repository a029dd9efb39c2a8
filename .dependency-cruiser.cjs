// Who may import whom. Layers point downwards only:
// programs -> client, kafka, redis, telemetry, platform -> runtime -> protocol; testkit, cli, e2e, examples on top.
const program = '^(gateway|workers|operator)/';
const only = (name, module, owner) => ({
  name,
  severity: 'error',
  comment: `Only ${owner} knows ${module}; go through its exports instead.`,
  from: {
    path: '^(gateway|workers|operator|packages|e2e|examples)/',
    pathNot: [`^${owner}/`, '\\.test\\.ts$'],
  },
  to: { path: `node_modules/${module}(/|$)`, dependencyTypesNot: ['type-only'] },
});
const layer = (name, from, forbidden, comment) => ({
  name,
  severity: 'error',
  comment,
  from: { path: from, pathNot: '\\.test\\.ts$' },
  to: { path: forbidden },
});

module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      severity: 'error',
      comment: 'Break the cycle: move what both sides need into a file below them.',
      from: {},
      to: { circular: true },
    },
    {
      name: 'programs-stand-alone',
      severity: 'error',
      comment: 'A program never imports another program; what two need belongs in a package.',
      from: { path: '^(gateway|workers|operator)/', pathNot: '\\.test\\.ts$' },
      to: { path: program, pathNot: '^$1/' },
    },
    layer(
      'packages-below-programs',
      '^packages/(protocol|client|kafka|redis|telemetry|runtime|platform)/',
      program,
      'A package never imports a program.',
    ),
    layer(
      'protocol-is-the-bottom',
      '^packages/protocol/',
      '^packages/(?!protocol/)',
      'packages/protocol runs in browsers and imports no other package.',
    ),
    layer(
      'runtime-above-protocol-only',
      '^packages/runtime/',
      '^packages/(?!runtime/|protocol/)',
      'runtime may import protocol only.',
    ),
    layer(
      'client-above-protocol-only',
      '^packages/client/',
      '^packages/(?!client/|protocol/)',
      'The SDK may import protocol only.',
    ),
    layer(
      'middle-layer-is-flat',
      '^packages/(kafka|redis|telemetry|platform)/',
      '^packages/(client|testkit|cli)/',
      'kafka, redis, telemetry and platform know runtime and protocol only.',
    ),
    layer(
      'product-never-imports-tests',
      '^(gateway|workers|operator|packages/(protocol|client|kafka|redis|telemetry|runtime|platform))/',
      '^(packages/testkit|e2e)/',
      'testkit and e2e are for tests and chatctl.',
    ),
    only('uws-in-gateway-server', 'uWebSockets.js', 'gateway/src/server'),
    only('kafkajs-in-kafka', 'kafkajs', 'packages/kafka'),
    only('platformatic-kafka-in-kafka', '@platformatic/kafka', 'packages/kafka'),
    only('ioredis-in-redis', 'ioredis', 'packages/redis'),
    only('client-node-in-operator-kube', '@kubernetes/client-node', 'operator/src/kube'),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '/dist/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.base.json' },
    enhancedResolveOptions: {
      conditionNames: ['@chatplatform/source', 'types', 'import', 'node', 'default'],
    },
  },
};
