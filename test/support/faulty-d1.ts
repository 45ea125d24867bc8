/** The real D1 of the tests with a switch: away, hanging, or taking no writes. */

/** `lost`: what is written is done, but the answer never comes. `slow`: it comes, after all that is asked at the same moment. */
export type Fault = "none" | "down" | "hangs" | "read-only" | "lost" | "slow";

export interface FaultyD1 {
  readonly d1: D1Database;
  fault: Fault;
}

const RUNS = ["run", "all", "first", "raw"];
/** A statement's own text, also through another wrapping. */
const TEXT = Symbol("text");
const SLOW_MS = 150;
const never = () => new Promise<never>(() => {});

export function faultyD1(real: D1Database): FaultyD1 {
  const faulty = { fault: "none" as Fault };

  function meet(statements: readonly object[], act: () => Promise<unknown>): Promise<unknown> {
    const writes = statements.some((statement) => !/^\s*select/i.test(String(Reflect.get(statement, TEXT))));
    switch (faulty.fault) {
      case "none":
        return act();
      case "down":
        return Promise.reject(new Error("D1_ERROR: Network connection lost."));
      case "hangs":
        return never();
      case "slow":
        return new Promise((resolve) => setTimeout(resolve, SLOW_MS)).then(act);
      case "lost":
        return writes ? act().then(never) : act();
      case "read-only":
        return writes ? Promise.reject(new Error("D1_ERROR: attempt to write a readonly database.")) : act();
    }
  }

  function wrap<T extends object>(inner: T, text = ""): T {
    const wrapped: T = new Proxy(inner, {
      get(target, name) {
        if (name === TEXT) return text;
        const member: unknown = Reflect.get(target, name);
        if (typeof member !== "function") return member;
        return (...args: unknown[]) => {
          const act = () => Reflect.apply(member, target, args) as unknown;
          if (name === "prepare") return wrap(act() as object, String(args[0]));
          if (name === "bind") return wrap(act() as object, text);
          if (name === "withSession") return wrap(act() as object);
          if (name === "batch") return meet(args[0] as object[], act as () => Promise<unknown>);
          return RUNS.includes(String(name)) ? meet([wrapped], act as () => Promise<unknown>) : act();
        };
      },
    });
    return wrapped;
  }
  return Object.assign(faulty, { d1: wrap(real) });
}
