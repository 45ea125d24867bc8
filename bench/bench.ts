/**
 * `npm run bench`: the protocol core beside others, in Node and in workerd; the worst inputs beside honest ones; the Worker's size
 * and start. Ratios measured in one run. `--only=node,workerd,worst,worker` runs parts, `--rounds=5` is quicker.
 */
import { printBuiltWorker } from "./core/built-worker.ts";
import { stagesInNode } from "./core/in-node.ts";
import { stagesInWorkerd } from "./core/in-workerd.ts";
import { makeMaterial } from "./core/material.ts";
import { printGoals, printTimes, timeContenders } from "./core/table.ts";
import { printWorstCases } from "./core/worst-case.ts";
import { flag, printMachine } from "./figures.ts";

const ROUNDS = 15;

const only = flag("only");
const rounds = Number(flag("rounds")?.[0] ?? ROUNDS);
const wanted = (part: string) => only === null || only.includes(part);

printMachine();
const material = await makeMaterial();
for (const [part, where, open] of [
  ["node", "Node", stagesInNode],
  ["workerd", "workerd", stagesInWorkerd],
] as const) {
  if (!wanted(part)) continue;
  const stages = await open(material);
  try {
    const times = await timeContenders(material, stages, rounds);
    printTimes(where, material, times, stages.absent);
    printGoals(where, times);
  } finally {
    await stages.close();
  }
}
if (wanted("worst")) await printWorstCases(rounds);
if (wanted("worker")) await printBuiltWorker();
