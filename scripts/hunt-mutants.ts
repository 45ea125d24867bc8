/**
 * Hunts for a mutant of a genuine signed response that the core accepts with other claims than the genuine one's.
 *
 *   node scripts/hunt-mutants.ts --seconds 60 --seed 1
 *
 * Prints how many were tried and the refusals by code. A mutant that was accepted with other claims, made the core throw, or
 * took too long is printed with its seed, its number and its XML, and the exit code is 1.
 */
import { parseArgs } from "node:util";
import { hunt } from "../test/support/messages/hunt.ts";
import { scene } from "../test/support/messages/scene.ts";

const { values } = parseArgs({
  options: { seconds: { type: "string", default: "60" }, seed: { type: "string", default: "1" } },
});
const seconds = Number(values.seconds);
const seed = Number(values.seed);
if (!(seconds > 0) || !Number.isInteger(seed)) {
  console.error("usage: node scripts/hunt-mutants.ts --seconds 60 --seed 1");
  process.exit(2);
}

const end = performance.now() + seconds * 1000;
const { tried, outcomes, findings } = await hunt(seed, () => performance.now() > end);

console.log(`${tried} mutants in ${seconds} s (seed ${seed}), ${Math.round(tried / seconds)} a second`);
for (const [code, count] of [...outcomes].sort((a, b) => b[1] - a[1]))
  console.log(`${String(count).padStart(9)}  ${code}`);
for (const finding of findings.slice(0, 10)) {
  console.log(
    `\n${finding.what.toUpperCase()}: seed ${finding.seed}, number ${finding.number}, ${finding.ground}, ${finding.operations.join(" + ")}`,
  );
  console.log(finding.detail);
  console.log(finding.xml);
}
if (findings.length > 0) {
  console.log(`\n${findings.length} findings. Keys are new in every run; the messages above were signed by`);
  console.log((await scene()).idp.certificatePem);
  process.exit(1);
}
