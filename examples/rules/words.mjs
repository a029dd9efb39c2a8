// A rule for a platform: refuses messages that hold words of a list. See docs/rules.md for how it gets to the workers.
// Rules are read once, at start. They must give the same verdict whenever they see a message again.

const WORDS = ['blockhead', 'numskull'];

/** The first word of the list in a message of the form {"text": "..."}. */
function wordIn(data) {
  const text = typeof data?.text === 'string' ? data.text.toLowerCase() : '';
  return WORDS.find((word) => text.includes(word));
}

export default {
  // Shown in metrics, and as `rule:words` in the dead letters when the rule throws.
  name: 'words',

  // Judges a batch: one entry per message, in order. `undefined` lets a message pass; a refusal goes to its sender alone.
  judge(messages) {
    return messages.map(({ data }) => {
      const word = wordIn(data);
      return word === undefined ? undefined : { code: 103, msg: `please say it without "${word}"` };
    });
  },
};
