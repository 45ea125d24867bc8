/** The real D1 of the tests with a replica that can fall behind: for a while it answers what it answered last. For one question at a time. */
export interface LaggingD1 {
  readonly d1: D1Database;
  /** From now on the replica knows nothing of what is written, for so long. */
  fallBehind(seconds: number): void;
}

export function laggingD1(real: D1Database, now: () => number): LaggingD1 {
  let until = 0;
  let last: D1Result[] | null = null;
  const replica = {
    prepare: real.prepare.bind(real),
    async batch(statements: D1PreparedStatement[]) {
      if (last === null || now() >= until) last = await real.batch(statements);
      return last;
    },
  };
  const d1 = new Proxy(real, {
    get(target, name) {
      if (name === "withSession") return () => replica;
      const member: unknown = Reflect.get(target, name);
      return typeof member === "function" ? member.bind(target) : member;
    },
  });
  return {
    d1,
    fallBehind(seconds) {
      until = now() + seconds * 1000;
    },
  };
}
