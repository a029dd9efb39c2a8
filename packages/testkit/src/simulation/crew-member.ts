import { findingsOf, type Batch } from './findings.ts';

// One of several processes that run seeds: a batch comes in, its findings go out, until whoever asks is gone.
process.on('disconnect', () => process.exit());
process.on('message', (batch: Batch) => {
  void findingsOf(batch).then((findings) => process.send?.(findings));
});
