// Loaded before a program (`node --import <this file>?ms=N`): its wall clock is N milliseconds off.
const ms = Number(new URL(import.meta.url).searchParams.get('ms'));
const now = Date.now.bind(Date);
const skewed = (): number => now() + ms;

globalThis.Date = new Proxy(Date, {
  construct: (target, args: [], newTarget) =>
    Reflect.construct(target, args.length === 0 ? [skewed()] : args, newTarget) as Date,
  get: (target, name) => (name === 'now' ? skewed : Reflect.get(target, name)),
});
