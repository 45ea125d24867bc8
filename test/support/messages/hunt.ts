/**
 * The differential hunt: mutants of genuine responses, each decided by the core. An accepted one must claim exactly what a
 * genuine message it was made of claims.
 */
import { decideResponse } from "../../../src/saml/index.ts";
import { C14N, NS } from "../../../src/saml/terms.ts";
import { CONTENT_CIPHER } from "./encrypt.ts";
import { mutate, random } from "./mutants.ts";
import { shapes } from "./providers.ts";
import { claimsOf, fieldOf, mustAccept, type Overrides, type Scene, scene } from "./scene.ts";
import { prefixed } from "./surgery.ts";

/** Two genuine messages of one shape, what they claim, and what their company expects. */
interface Ground {
  readonly name: string;
  readonly one: string;
  readonly two: string;
  readonly claims: ReadonlySet<string>;
  readonly overrides: Overrides;
}

export interface Finding {
  readonly what: "accepted" | "thrown" | "slow";
  readonly seed: number;
  readonly number: number;
  readonly ground: string;
  readonly operations: readonly string[];
  readonly detail: string;
  readonly xml: string;
}

export interface Hunt {
  readonly tried: number;
  /** How often each refusal code was given; "accepted" for mutants that say what the genuine message said. */
  readonly outcomes: ReadonlyMap<string, number>;
  readonly findings: readonly Finding[];
}

/** A decision takes a millisecond or two; this is far beyond what a busy machine adds. */
const MILLISECONDS_MAX = 2_000;

async function ground(s: Scene, name: string, one: string, two: string, overrides: Overrides = {}): Promise<Ground> {
  const claims = new Set([
    claimsOf(await mustAccept(one, s, overrides)),
    claimsOf(await mustAccept(two, s, overrides)),
  ]);
  return { name, one, two, claims, overrides };
}

export async function grounds(): Promise<Ground[]> {
  const s = await scene();
  const found: Ground[] = [];
  const styles = [
    ["Entra", {}],
    [
      "prefixed, inclusive",
      {
        signature: { c14n: C14N.inclusive, prefix: "ds" },
        edit: { assertion: (x: string) => prefixed(x, "saml", NS.saml) },
      },
    ],
    ["PrefixList", { signature: { prefixList: "xs #default samlp", prefix: "ds" } }],
  ] as const;
  for (const [name, recipe] of styles) {
    for (const sign of ["assertion", "response", "both"] as const) {
      found.push(
        await ground(
          s,
          `${name}, ${sign}`,
          (await s.own({ sign, ...recipe })).xml,
          (await s.victims({ sign, ...recipe })).xml,
        ),
      );
    }
  }
  const encrypt = { to: s.sp, cipher: CONTENT_CIPHER.aes128gcm };
  for (const sign of ["assertion", "response"] as const) {
    found.push(
      await ground(
        s,
        `encrypted, ${sign}`,
        (await s.own({ sign, encrypt })).xml,
        (await s.victims({ sign, encrypt })).xml,
        { wantEncryptedAssertions: true },
      ),
    );
  }
  for (const shape of shapes().slice(0, 13)) {
    const renamed = {
      ...shape,
      xml: shape.xml
        .replaceAll(shape.assertionId, "_second")
        .replaceAll(`>${shape.nameID.value}<`, ">victim@corp.example<"),
    };
    const signed: string[] = [];
    for (const one of [shape, { ...renamed, assertionId: "_second" }]) {
      let xml = one.xml;
      for (const [what, style] of one.sign)
        xml = await s.idp.sign(xml, what === "assertion" ? one.assertionId : one.responseId, style);
      signed.push(one.finish ? one.finish(xml) : xml);
    }
    found.push(await ground(s, shape.name, signed[0] ?? "", signed[1] ?? "", { idpEntityIds: [shape.entityId] }));
  }
  return found;
}

/** Hunts until `isOver`; every mutant has a number and is made from `seed` and that number alone. */
export async function hunt(seed: number, isOver: (tried: number) => boolean): Promise<Hunt> {
  const s = await scene();
  const all = await grounds();
  const outcomes = new Map<string, number>();
  const findings: Finding[] = [];
  let tried = 0;
  for (; !isOver(tried); tried++) {
    const r = random(seed * 1_000_003 + tried);
    const from = all[Math.floor(r() * all.length)];
    if (!from) throw new Error("no genuine message to start from");
    const [xml, other] = r() < 0.5 ? [from.one, from.two] : [from.two, from.one];
    const mutant = mutate(xml, other, r);
    const report = (what: Finding["what"], detail: string) =>
      findings.push({
        what,
        seed,
        number: tried,
        ground: from.name,
        operations: mutant.operations,
        detail,
        xml: mutant.xml,
      });
    const started = performance.now();
    try {
      const decision = await decideResponse(fieldOf(new TextEncoder().encode(mutant.xml)), {
        ...s.expectations,
        ...from.overrides,
      });
      const code = decision.ok ? "accepted" : decision.refusal.code;
      outcomes.set(code, (outcomes.get(code) ?? 0) + 1);
      if (decision.ok && !from.claims.has(claimsOf(decision.assertion)))
        report("accepted", claimsOf(decision.assertion));
    } catch (error) {
      report("thrown", String(error));
    }
    const took = performance.now() - started;
    if (took > MILLISECONDS_MAX) report("slow", `${took.toFixed(0)} ms`);
  }
  return { tried, outcomes, findings };
}
