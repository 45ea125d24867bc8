/** The table of contenders: each proves that it reads a message and refuses its tampered twin, then they are timed in turns. */
import { measure, printTable, ratio, verdict } from "../figures.ts";
import { CONTENDERS, type ContenderName, TITLES } from "./contender.ts";
import type { Stage, Stages } from "./in-node.ts";
import { EMAIL, type Material } from "./material.ts";

/** Microseconds by message and contender. */
export type Times = ReadonlyMap<string, ReadonlyMap<string, number>>;

export async function timeContenders(material: Material, { stages }: Stages, rounds: number): Promise<Times> {
  const times = new Map<string, Map<string, number>>();
  for (const [index, message] of material.messages.entries()) {
    const able: Stage[] = [];
    for (const stage of stages) if (await hasProven(stage, index)) able.push(stage);
    const contenders = able.map(({ name, run }) => ({ name, run: (iterations: number) => run(index, iterations) }));
    times.set(message.name, await measure(contenders, rounds));
  }
  return times;
}

/** Whoever is not shown to work is not timed; of ours, of the floor, and of whoever lets a tampered message pass, nothing is timed. */
async function hasProven(stage: Stage, index: number): Promise<boolean> {
  const proof = await stage.prove(index).catch((error: Error) => error);
  if (proof instanceof Error) {
    if (stage.name === "vestibule" || stage.name === "web-crypto") throw proof;
    console.log(`  ${TITLES[stage.name]} leaves out message ${index}: ${proof.message.split("\n")[0]}`);
    return false;
  }
  if (proof.nameID === null) return false;
  if (proof.nameID !== EMAIL)
    throw new Error(`${stage.name} reads another NameID from ${proof.message}: ${proof.nameID}`);
  if (!proof.refusesTampered) throw new Error(`${stage.name} accepts ${proof.message} tampered with`);
  return true;
}

export function printTimes(where: string, material: Material, times: Times, absent: Stages["absent"]): void {
  const others = CONTENDERS.filter((name) => name !== "vestibule" && !absent.has(name));
  const head = ["message", "bytes", "Vestibule", ...others.map((name) => `${TITLES[name]}`)];
  const rows = material.messages.map(({ name, bytes }) => {
    const own = times.get(name)?.get("vestibule");
    const cells = others.map((other) => {
      const their = times.get(name)?.get(other);
      return own === undefined || their === undefined ? "-" : `${ratio(their / own)} x`;
    });
    return [name, String(bytes), own === undefined ? "-" : `1 (${own.toFixed(0)} us)`, ...cells];
  });
  printTable(
    `${where}: time of each, as a multiple of ours (medians of interleaved rounds; ours in microseconds)`,
    head,
    rows,
  );
  for (const [name, reason] of absent) console.log(`\n${TITLES[name]} does not run there: ${reason}`);
}

interface Goal {
  readonly message: string;
  readonly against: ContenderName;
  readonly times: number;
}

/** product.md, "Numbers to reach". */
const GOALS: readonly Goal[] = [
  { message: "5 KB, Assertion signed", against: "node-saml", times: 25 },
  { message: "5 KB, Assertion signed", against: "samlify", times: 40 },
  { message: "5 KB, Assertion signed", against: "web-crypto", times: 1 / 3 },
  { message: "15 KB, Assertion signed", against: "node-saml", times: 30 },
];

export function printGoals(where: string, times: Times): void {
  const rows = GOALS.flatMap(({ message, against, times: wanted }) => {
    const own = times.get(message)?.get("vestibule");
    const their = times.get(message)?.get(against);
    if (own === undefined || their === undefined) return [];
    const met = verdict(their / own >= wanted);
    return against === "web-crypto"
      ? [
          [
            `${message}: ours against ${TITLES[against]}`,
            `at most ${ratio(1 / wanted)} x`,
            `${ratio(own / their)} x`,
            met,
          ],
        ]
      : [
          [
            `${message}: ${TITLES[against]} against ours`,
            `at least ${ratio(wanted)} x`,
            `${ratio(their / own)} x`,
            met,
          ],
        ];
  });
  printTable(`${where}: against the goals`, ["what", "goal", "found", ""], rows);
}
