/** The cache behind the door seen from the wire: what it keeps of compressed bodies and of those that break off. */
import { brotliCompressSync, gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type RawOrigin, speak, startCache, startRawOrigin, startWire, type Wire } from "./wire/gateway.ts";

let origin: RawOrigin;
let cache: Awaited<ReturnType<typeof startCache>>;
let wire: Wire;

beforeAll(async () => {
  origin = await startRawOrigin();
  cache = await startCache();
  wire = await startWire(origin.port, cache.port);
});
afterAll(async () => {
  await wire.stop();
  cache.close();
  origin.close();
});

const ask = (path: string) =>
  speak(
    wire.port,
    `GET ${path} HTTP/1.1\r\nHost: acme.localhost:8787\r\nCookie: ${wire.cookie}\r\nAccept-Encoding: gzip, br\r\nSec-Fetch-Dest: script\r\n\r\n`,
  );
const answer = (headers: string[], body: Buffer) =>
  Buffer.concat([
    Buffer.from(
      `HTTP/1.1 200 OK\r\nCache-Control: public, max-age=60\r\n${headers.map((line) => `${line}\r\n`).join("")}\r\n`,
    ),
    body,
  ]);
const chunked = (body: Buffer) =>
  Buffer.concat([Buffer.from(`${body.length.toString(16)}\r\n`), body, Buffer.from("\r\n0\r\n\r\n")]);
const unchunked = (body: Buffer) => {
  const parts: Buffer[] = [];
  for (let at = 0; ; ) {
    const end = body.indexOf("\r\n", at);
    const size = Number.parseInt(body.toString("latin1", at, end), 16);
    if (!(size > 0)) return Buffer.concat(parts);
    parts.push(body.subarray(end + 2, end + 2 + size));
    at = end + 2 + size + 2;
  }
};
/** Once something was kept, the origin has nothing to say: who is answered was answered from the cache. */
async function kept(count: number): Promise<void> {
  for (let tries = 0; cache.stored() < count && tries < 100; tries++) await new Promise((next) => setTimeout(next, 20));
  expect(cache.stored()).toBe(count);
  origin.answer("HTTP/1.1 500 Asked Again\r\nContent-Length: 0\r\n\r\n");
}

describe("a compressed body", () => {
  const text = "function all() { return the.assets; }\n".repeat(500);
  it.each([
    ["gzip", gzipSync(text)],
    ["br", brotliCompressSync(text)],
  ])("of %s is given out byte for byte, whether it said its length or not", async (encoding, bytes) => {
    for (const sized of [true, false]) {
      const path = `/${encoding}-${sized}.js`;
      const length = sized ? `Content-Length: ${bytes.length}` : "Transfer-Encoding: chunked";
      const before = cache.stored();
      origin.answer(
        answer(
          [length, `Content-Encoding: ${encoding}`, 'ETag: "1"', "Vary: Accept-Encoding"],
          sized ? bytes : chunked(bytes),
        ),
      );
      await ask(path);
      // The answer, and the signpost to it.
      await kept(before + 2);
      const { head, body } = await ask(path);
      expect(head).toMatch(/^HTTP\/1\.1 200/);
      expect(head).toMatch(new RegExp(`^content-encoding: ${encoding}\r?$`, "im"));
      expect(head).toMatch(/^age: \d+\r?$/im);
      expect(head).not.toMatch(/^(?:cf-|x-vestibule)/im);
      const whole = /^transfer-encoding: chunked/im.test(head) ? unchunked(body) : body;
      expect(whole.equals(bytes)).toBe(true);
    }
  });
});

describe("a body that breaks off", () => {
  it.each([
    ["before the length that it said", ["Content-Length: 5000"], Buffer.alloc(1_000, "x")],
    ["amid its chunks", ["Transfer-Encoding: chunked"], Buffer.from(`1388\r\n${"x".repeat(1_000)}`)],
  ])("%s is not given out again", async (shape, headers, bytes) => {
    const path = `/${shape.length}.js`;
    origin.answer(answer(headers, bytes));
    await ask(path);
    await new Promise((next) => setTimeout(next, 300));
    origin.answer("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nagain");
    const { head, body } = await ask(path);
    expect(head).not.toMatch(/^age:/im);
    expect(body.toString()).toContain("again");
  });
});
