/**
 * An origin that never answers, in the real runtime and in real time: the timer is shared by several requests and belongs to one
 * of them, and only the platform can show that it outlives that one.
 */
import { request } from "node:http";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startHttpOrigin, startWire, type Wire } from "./wire/gateway.ts";

let origin: { port: number; close(): void };
let wire: Wire;
let arrived = () => {};

beforeAll(async () => {
  origin = await startHttpOrigin((incoming, outgoing) => {
    if (incoming.url === "/soon") outgoing.end("here");
    arrived();
  });
  wire = await startWire(origin.port);
});
afterAll(async () => {
  await wire.stop();
  origin.close();
});

/** Status and seconds; null when we left. */
function ask(path: string, leaveAfterMs?: number): Promise<{ status: number | undefined; seconds: number } | null> {
  const begun = performance.now();
  const headers = { host: "acme.localhost:8787", cookie: wire.cookie };
  return new Promise((resolve, reject) => {
    const asking = request({ port: wire.port, host: "127.0.0.1", path, headers }, (answer) => {
      answer.resume();
      answer.once("end", () => resolve({ status: answer.statusCode, seconds: (performance.now() - begun) / 1000 }));
    });
    asking.once("error", (error) => (leaveAfterMs === undefined ? reject(error) : resolve(null)));
    asking.end();
    if (leaveAfterMs !== undefined) setTimeout(() => asking.destroy(), leaveAfterMs);
  });
}
const moment = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Resolves when the origin has it, at which moment its timer is set and others join. */
const reaches = (asked: () => Promise<unknown>) => {
  const reached = new Promise<void>((resolve) => {
    arrived = resolve;
  });
  const answer = asked();
  return reached.then(() => ({ answer }));
};

it("is given up on for those too whose timer another request set, which was answered or whose visitor left", async () => {
  await ask("/soon");
  await moment(100);
  const setsTheTimer = await reaches(() => ask("/soon"));
  const joins = ask("/never");
  expect(await setsTheTimer.answer).toMatchObject({ status: 200 });
  await moment(1_500);
  const setsAnother = await reaches(() => ask("/never", 500));
  const joinsThat = ask("/never");
  expect(await setsAnother.answer).toBeNull();
  for (const answer of await Promise.all([joins, joinsThat])) {
    expect(answer?.status).toBe(504);
    expect(answer?.seconds).toBeGreaterThan(28);
    // The platform keeps what others wait for 30 seconds after the one who set it was answered.
    expect(answer?.seconds).toBeLessThan(30);
  }
  expect(await ask("/soon")).toMatchObject({ status: 200 });
});
