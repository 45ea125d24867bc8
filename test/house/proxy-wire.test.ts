/**
 * The proxy seen from the wire, between a visitor and an origin that both speak raw HTTP: what a test inside the Worker can't
 * see, because there compressed bodies are opened and headers are parsed.
 */
import { request } from "node:http";
import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  freePort,
  type RawOrigin,
  speak,
  startHttpOrigin,
  startRawOrigin,
  startWire,
  type Wire,
} from "./wire/gateway.ts";

let origin: RawOrigin;
let wire: Wire;

beforeAll(async () => {
  origin = await startRawOrigin();
  wire = await startWire(origin.port);
});
afterAll(async () => {
  await wire.stop();
  origin.close();
});

/** A request of a signed-in visitor. */
function ask(line: string, headers: string[] = [], body = ""): string {
  const own = ["Host: acme.localhost:8787", `Cookie: ${wire.cookie}`];
  return `${line} HTTP/1.1\r\n${[...own, ...headers].join("\r\n")}\r\n\r\n${body}`;
}

const ok = (body: Buffer | string, headers: string[] = []) =>
  Buffer.concat([
    Buffer.from(
      `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n${headers.map((line) => `${line}\r\n`).join("")}\r\n`,
      "utf8",
    ),
    Buffer.from(body),
  ]);

describe("a compressed body", () => {
  const text = "all the assets of the company ".repeat(500);
  it.each([
    ["gzip", gzipSync(text)],
    ["br", brotliCompressSync(text)],
    ["deflate", deflateSync(text)],
    ["zstd", Buffer.from("whatever zstd may be")],
    ["gzip", Buffer.from("broken: this is no gzip at all")],
  ])("of %s reaches the visitor byte for byte, with its length", async (encoding, bytes) => {
    origin.answer(ok(bytes, [`Content-Encoding: ${encoding}`]));
    const { head, body } = await speak(wire.port, ask("GET /a", [`Accept-Encoding: ${encoding}`]));
    expect(head).toMatch(new RegExp(`^content-encoding: ${encoding}\r?$`, "im"));
    expect(head).toMatch(new RegExp(`^content-length: ${bytes.length}\r?$`, "im"));
    expect(body.equals(bytes)).toBe(true);
  });

  it("is asked for as the visitor asked, and not where the visitor did not", async () => {
    origin.answer(ok("x"));
    await speak(wire.port, ask("GET /a", ["Accept-Encoding: zstd;q=0.5, br"]));
    expect(origin.received()).toMatch(/^accept-encoding: zstd;q=0\.5, br\r$/im);
    await speak(wire.port, ask("GET /a"));
    expect(origin.received()).not.toMatch(/^accept-encoding:/im);
  });

  it("of an event stream is opened on the way, and says so: it is looked after while it lasts", async () => {
    origin.answer(ok(gzipSync("data: 1\n\n"), ["Content-Type: text/event-stream", "Content-Encoding: gzip"]));
    const { head, body } = await speak(wire.port, ask("GET /a", ["Accept-Encoding: gzip"]));
    expect(head).not.toMatch(/^content-encoding:/im);
    expect(body.toString()).toContain("data: 1\n\n");
  });

  it("of a compressed upload reaches the origin byte for byte", async () => {
    const bytes = gzipSync(text).toString("latin1");
    origin.answer(ok("x"));
    await speak(wire.port, ask("POST /a", ["Content-Encoding: gzip", `Content-Length: ${bytes.length}`], bytes));
    expect(origin.received().endsWith(bytes)).toBe(true);
    expect(origin.received()).toMatch(/^content-encoding: gzip\r$/im);
  });
});

describe("headers", () => {
  it("of the origin keep their bytes outside ASCII", async () => {
    origin.answer(ok("x", ["X-Name: Zoë ✓"]));
    const { head } = await speak(wire.port, ask("GET /a"));
    expect(Buffer.from(head, "latin1").toString("utf8")).toContain("Zoë ✓");
  });

  it("of the visitor keep theirs, in a Cookie beside ours too", async () => {
    origin.answer(ok("x"));
    const name = Buffer.from("Zoë ✓", "utf8").toString("latin1");
    const line = `GET /a HTTP/1.1\r\nHost: acme.localhost:8787\r\nX-Name: ${name}\r\nCookie: n=${name}; ${wire.cookie}\r\n\r\n`;
    await speak(wire.port, line);
    const seen = Buffer.from(origin.received(), "latin1").toString("utf8");
    expect(seen).toMatch(/^x-name: Zoë ✓\r$/im);
    expect(seen).toMatch(/^cookie: n=Zoë ✓\r$/im);
  });

  it("of the visitor keep theirs that are no UTF-8, though they read like those of a request before", async () => {
    origin.answer(ok("x"));
    for (const name of ["J\xe9r", "J\xe9r", "J\xe8r", "J\xe8r", "J\ufffdr"]) {
      const bytes = name.replace("\ufffd", "\xef\xbf\xbd");
      await speak(wire.port, ask("GET /a", [`X-Name: ${bytes}`]));
      expect(/^x-name: (.*)\r$/im.exec(origin.received())?.[1]).toBe(bytes);
    }
  });

  it("that reach the origin are the visitor's own and what says who and where from, nothing of the gateway's cares", async () => {
    origin.answer(ok("x"));
    await speak(wire.port, ask("GET /a", ["Accept: text/html", 'If-None-Match: "17"']));
    const names = [...origin.received().matchAll(/^([\w-]+): /gm)].map(([, name]) => name?.toLowerCase());
    expect(names.sort()).toEqual([
      "accept",
      "host",
      "if-none-match",
      "x-forwarded-email",
      "x-forwarded-groups",
      "x-forwarded-host",
      "x-forwarded-proto",
      "x-forwarded-user",
      "x-vestibule-jwt-assertion",
    ]);
  });

  it("that are forged twice, folded in case, or in underscores are gone, and ours stands once", async () => {
    origin.answer(ok("x"));
    const forged = [
      "X-Forwarded-User: evil",
      "x-forwarded-user: evil",
      "X_FORWARDED_USER: evil",
      "X-VESTIBULE-JWT-ASSERTION: evil",
    ];
    await speak(wire.port, ask("GET /a", [...forged, "Connection: x-forwarded-user, x-vestibule-jwt-assertion"]));
    expect(origin.received()).not.toContain("evil");
    expect(origin.received().match(/^x-forwarded-user: u\r$/gim)).toHaveLength(1);
    expect(origin.received().match(/^x-vestibule-jwt-assertion: ey/gim)).toHaveLength(1);
  });

  it("do not carry our cookie to the origin when a second Cookie header hides it", async () => {
    origin.answer(ok("x"));
    const { head } = await speak(wire.port, ask("GET /a", ["Cookie: a=1"]));
    const turned = `GET /b HTTP/1.1\r\nHost: acme.localhost:8787\r\nCookie: a=1\r\nCookie: ${wire.cookie}\r\n\r\n`;
    const second = await speak(wire.port, turned);
    for (const answer of [head, second.head]) expect(answer).toMatch(/^HTTP\/1.1 (?:200|401)/);
    expect(origin.received()).not.toMatch(/vestibule-session/i);
  });

  it("of one connection stay on it, also those that Connection names", async () => {
    const hop = [
      "Connection: X-Hop",
      "X-Hop: 1",
      "Keep-Alive: timeout=9",
      "Upgrade: h2c",
      "TE: trailers",
      'Alt-Svc: h3=":1"',
    ];
    origin.answer(ok("x", hop));
    const { head } = await speak(wire.port, ask("GET /a", ["Connection: X-Mine", "X-Mine: 1", "TE: trailers"]));
    expect(head).not.toMatch(/^(?:x-hop|keep-alive|upgrade|te|alt-svc):/im);
    expect(origin.received()).not.toMatch(/^(?:x-mine|te|upgrade):/im);
  });

  it.each([
    "Keep-Alive: timeout=9",
    "Proxy-Authenticate: Basic",
    "Proxy-Authorization: Basic eA==",
    "Proxy-Connection: keep-alive",
    "TE: trailers",
    "Trailer: X-Sum",
    "Upgrade: h2c",
    'Alt-Svc: h3=":1"',
  ])("of one connection stay on it where nothing else asks for a look: %s", async (line) => {
    const [name] = line.split(":");
    origin.answer(ok("x", [line, "X-Other: 1"]));
    const { head } = await speak(wire.port, ask("GET /a"));
    expect(head).toMatch(/^x-other: 1\r?$/im);
    expect(head).not.toMatch(new RegExp(`^${name}:`, "im"));
  });

  it("of 100 KB neither stop the gateway nor get lost", async () => {
    origin.answer(ok("x"));
    const large = Array.from({ length: 12 }, (_, n) => `X-Large-${n}: ${"v".repeat(4_000)}`);
    const { head } = await speak(wire.port, ask("GET /a", large));
    if (head.startsWith("HTTP/1.1 200")) expect(origin.received().match(/^x-large-/gim)).toHaveLength(12);
    else expect(head).toMatch(/^HTTP\/1.1 4/);
    origin.answer(ok("still here"));
    expect((await speak(wire.port, ask("GET /a"))).body.toString()).toBe("still here");
  });

  it("tell the origin how the visitor's caches are to be treated, as the visitor did", async () => {
    origin.answer(ok("x"));
    await speak(wire.port, ask("GET /a", ["Cache-Control: max-age=7", 'If-None-Match: "e"']));
    expect(origin.received()).toMatch(/^cache-control: max-age=7\r$/im);
    expect(origin.received()).toMatch(/^if-none-match: "e"\r$/im);
  });

  it("name the origin as the host", async () => {
    origin.answer(ok("x"));
    await speak(wire.port, ask("GET /a", ["X-Forwarded-Host: evil.example"]));
    expect(origin.received()).toMatch(new RegExp(`^host: 127\\.0\\.0\\.1:${origin.port}\r$`, "im"));
    expect(origin.received()).toMatch(/^x-forwarded-host: acme\.localhost:8787\r$/im);
  });
});

describe("requests", () => {
  it("keep the path and query byte for byte", async () => {
    origin.answer(ok("x"));
    for (const path of ["/a%2fB;c=d/%zz?x=%&y=|{}^&&?", "/x?", "//a//b"]) {
      await speak(wire.port, ask(`GET ${path}`));
      expect(origin.received().split("\r\n")[0]).toBe(`GET ${path} HTTP/1.1`);
    }
  });

  it("keep the way their length was told", async () => {
    origin.answer(ok("x"));
    await speak(wire.port, ask("POST /a", ["Content-Length: 5"], "hello"));
    expect(origin.received()).toMatch(/^content-length: 5\r$/im);
    expect(origin.received().endsWith("hello")).toBe(true);
    await speak(wire.port, ask("POST /a", ["Content-Length: 0"]));
    expect(origin.received()).toMatch(/^content-length: 0\r$/im);
    await speak(wire.port, ask("PUT /a", ["Transfer-Encoding: chunked"], "5\r\nhello\r\n0\r\n\r\n"));
    expect(origin.received()).toMatch(/^transfer-encoding: chunked\r$/im);
    expect(origin.received()).toContain("hello");
  });

  it("with Expect: 100-continue are answered here and reach the origin without it", async () => {
    origin.answer(ok("x"));
    const { head } = await speak(wire.port, ask("POST /a", ["Expect: 100-continue", "Content-Length: 5"], "hello"));
    expect(head).toMatch(/^HTTP\/1.1 (?:100|200)/);
    expect(origin.received()).not.toMatch(/^expect:/im);
    expect(origin.received().endsWith("hello")).toBe(true);
  });

  it("of GET with a body are refused, and not passed on without it", async () => {
    const { head } = await speak(wire.port, ask("GET /a-body", ["Content-Length: 5"], "hello"));
    expect(head).toMatch(/^HTTP\/1.1 400/);
    expect(origin.received()).not.toContain("/a-body");
  });

  it("of TRACE are refused: their answer would show the assertion", async () => {
    const { head } = await speak(wire.port, ask("TRACE /traced"));
    expect(head).toMatch(/^HTTP\/1.1 405/);
    expect(origin.received()).not.toContain("/traced");
  });

  it("of HEAD are answered with the length and no body", async () => {
    origin.answer('HTTP/1.1 200 OK\r\nContent-Length: 12345\r\nETag: "e"\r\n\r\n');
    const { head, body } = await speak(wire.port, ask("HEAD /a"));
    expect(head).toMatch(/^content-length: 12345\r?$/im);
    expect(body).toHaveLength(0);
  });
});

describe("an origin that breaks off or lies", () => {
  it("about its length leaves the visitor with a connection that ends, not with a whole answer", async () => {
    origin.answer("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nonly this");
    const { head, body, hungUp } = await speak(wire.port, ask("GET /a"), 3_000);
    expect(head).toMatch(/^content-length: 1000\r?$/im);
    expect(body.length).toBeLessThan(1000);
    expect(hungUp).toBe(true);
  });

  it("in the middle of a chunked body does not look like one that ended", async () => {
    origin.answer("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
    const { body, hungUp } = await speak(wire.port, ask("GET /a"), 3_000);
    expect(body.toString()).not.toContain("0\r\n\r\n");
    expect(hungUp).toBe(true);
  });

  it("in the middle of an event stream does not look like one that ended", async () => {
    const events =
      "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n9\r\ndata: 1\n\n\r\n";
    origin.answer(events);
    const { body, hungUp } = await speak(wire.port, ask("GET /a"), 3_000);
    expect(body.toString()).toContain("data: 1");
    expect(body.toString()).not.toContain("0\r\n\r\n");
    expect(hungUp).toBe(true);
  });

  it.each([
    ["before its status line", ""],
    ["with something that is no HTTP", "SSH-2.0-OpenSSH_9.9\r\n"],
    ["with a status that HTTP does not know", "HTTP/1.1 999 Denied\r\nContent-Length: 0\r\n\r\n"],
    ["with a header that is none", "HTTP/1.1 200 OK\r\nno colon here\r\n\r\n"],
    ["with another protocol that nobody asked for", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"],
  ])("%s gets the visitor a 502 of ours", async (_shape, bytes) => {
    origin.answer(bytes);
    const { head } = await speak(wire.port, ask("GET /a"));
    expect(head).toMatch(/^HTTP\/1.1 502/);
    expect(head).toMatch(/^content-type: application\/problem\+json/im);
  });

  it("with more than it announced gets its announced part through", async () => {
    origin.answer("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhelloHTTP/1.1 200 OK\r\nSet-Cookie: smuggled=1\r\n\r\n");
    const { head, body } = await speak(wire.port, ask("GET /a"));
    expect(body.toString()).toBe("hello");
    expect(head).not.toContain("smuggled");
  });

  it("is told on a page to a person when nobody listens there", async () => {
    const dead = await startWire(await freePort());
    const page = `GET / HTTP/1.1\r\nHost: acme.localhost:8787\r\nAccept: text/html\r\nCookie: ${dead.cookie}\r\n\r\n`;
    const { head } = await speak(dead.port, page);
    await dead.stop();
    expect(head).toMatch(/^HTTP\/1.1 502/);
    expect(head).toMatch(/^content-type: text\/html/im);
  });
});

describe("one gigabyte", () => {
  const CHUNK = Buffer.alloc(1024 * 1024, 97);
  const CHUNKS = 1024;
  /** Buffers of sockets and garbage not yet collected; a thirtieth of what passes. */
  const GROWTH_MB_MAX = 32;

  it("passes up and down without the gateway growing", async () => {
    let uploaded = 0;
    const large = await startHttpOrigin((incoming, outgoing) => {
      if (incoming.method === "GET") {
        outgoing.writeHead(200, { "content-length": CHUNK.length * CHUNKS });
        let left = CHUNKS;
        const more = (): void => {
          while (left > 0) {
            left--;
            if (!outgoing.write(CHUNK)) return void outgoing.once("drain", more);
          }
          outgoing.end();
        };
        more();
        return;
      }
      incoming.on("data", (data: Buffer) => {
        uploaded += data.length;
      });
      incoming.on("end", () => outgoing.end("thanks"));
    });
    const at = await startWire(large.port);
    const headers = { cookie: at.cookie };
    const transfer = (method: string, chunks: number) =>
      new Promise<number>((resolve, reject) => {
        const length = method === "GET" ? {} : { "content-length": CHUNK.length * chunks };
        const sending = request(
          { port: at.port, host: "127.0.0.1", method, headers: { ...headers, ...length } },
          (answer) => {
            let bytes = 0;
            answer.on("data", (data: Buffer) => {
              bytes += data.length;
            });
            answer.on("end", () => resolve(bytes));
            answer.on("error", reject);
          },
        ).on("error", reject);
        let left = method === "GET" ? 0 : chunks;
        const more = (): void => {
          while (left > 0) {
            left--;
            if (!sending.write(CHUNK)) return void sending.once("drain", more);
          }
          sending.end();
        };
        more();
      });
    await transfer("POST", 16);
    uploaded = 0;
    const before = at.peakMemory();
    expect(await transfer("GET", CHUNKS)).toBe(CHUNK.length * CHUNKS);
    await transfer("POST", CHUNKS);
    const growth = at.peakMemory() - before;
    await at.stop();
    large.close();
    expect(uploaded).toBe(CHUNK.length * CHUNKS);
    expect(growth).toBeLessThan(GROWTH_MB_MAX);
  });
});
