/** The architecture, read from the imports. docs/architecture.md draws it. */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { describe, expect, it } from "vitest";

const SRC = resolve(import.meta.dirname, "../../src");

/** Higher floors may import lower ones. Rooms of one number don't know each other. */
const FLOORS: Record<string, number> = {
  "worker.ts": 7,
  "app.ts": 6,
  "cron.ts": 6,
  signin: 5,
  signout: 5,
  admin: 5,
  origin: 5,
  session: 4,
  "failure.ts": 4,
  tenant: 3,
  store: 2,
  pages: 2,
  saml: 0,
};
/** Ground that every floor above saml stands on; it knows types of the floors, never their code. */
const GROUND = [
  "config.ts",
  "context.ts",
  "sealing.ts",
  "message-id.ts",
  "form.ts",
  "log.ts",
  "metrics.ts",
  "rate-limit.ts",
  "trace.ts",
  "unicode.ts",
];

/** Each library has one home. */
const HOMES: Record<string, string[]> = {
  xmldsigjs: ["saml"],
  "xml-core": ["saml"],
  pkijs: ["saml"],
  "node:zlib": ["saml"],
  "drizzle-orm": ["store"],
  uuid: ["store"],
  "zod/mini": ["admin"],
  "@passwordless-id/webauthn": ["signin"],
  "d3-dsv": ["admin"],
};

interface Import {
  readonly file: string;
  readonly room: string;
  readonly target: string;
  readonly typeOnly: boolean;
  /** By `import()`, when it is needed. */
  readonly late: boolean;
}

function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? sources(path) : /\.tsx?$/.test(entry.name) ? [path] : [];
  });
}

const roomOf = (path: string): string => relative(SRC, path).split("/")[0] ?? "";

const imports: Import[] = sources(SRC).flatMap((file) => {
  const text = readFileSync(file, "utf8");
  const found = [
    ...text.matchAll(
      /^(?:import|export)\s+(type\s+)?[^;]*?from\s+"([^"]+)"|^import\s+"([^"]+)"|\bimport\("([^"]+)"\)/gms,
    ),
  ];
  return found.map((match) => ({
    file: relative(SRC, file),
    room: roomOf(file),
    target: match[2] ?? match[3] ?? match[4] ?? "",
    typeOnly: match[1] !== undefined,
    late: match[4] !== undefined,
  }));
});
const local = imports
  .filter(({ target }) => target.startsWith("."))
  .map((one) => ({ ...one, path: resolve(SRC, dirname(one.file), one.target) }))
  .map((one) => ({ ...one, targetRoom: roomOf(one.path) }));

describe("the arrows of the house", () => {
  it("are read at all", () => {
    expect(local.length).toBeGreaterThan(100);
  });

  it("know every room", () => {
    const rooms = new Set(readdirSync(SRC));
    for (const known of [...Object.keys(FLOORS), ...GROUND]) rooms.delete(known);
    expect([...rooms]).toEqual([]);
  });

  it("run downward", () => {
    const upward = local.filter(({ room, targetRoom, typeOnly }) => {
      if (room === targetRoom || GROUND.includes(targetRoom)) return room === "saml" && room !== targetRoom;
      if (GROUND.includes(room)) return !typeOnly;
      return (FLOORS[targetRoom] ?? 99) >= (FLOORS[room] ?? 0);
    });
    expect(upward.map(({ file, target }) => `${file} -> ${target}`)).toEqual([]);
  });

  it("enter a room by its door", () => {
    const windows = local.filter(
      ({ room, targetRoom, path }) =>
        room !== targetRoom &&
        !GROUND.includes(targetRoom) &&
        !targetRoom.endsWith(".ts") &&
        !path.endsWith("/index.ts"),
    );
    expect(windows.map(({ file, target }) => `${file} -> ${target}`)).toEqual([]);
  });

  it("come late to what only administrators use, so that no visitor waits for it", () => {
    const coming = local.filter(
      ({ room, targetRoom, typeOnly }) => targetRoom === "admin" && room !== "admin" && !typeOnly,
    );
    expect(coming.map(({ file, late }) => ({ file, late }))).toEqual([
      { file: "app.ts", late: true },
      { file: "cron.ts", late: true },
    ]);
  });

  it("never run in a circle between files", () => {
    const edges = new Map<string, string[]>();
    for (const { file, path, typeOnly } of local) {
      if (!typeOnly) edges.set(file, [...(edges.get(file) ?? []), relative(SRC, path)]);
    }
    const done = new Set<string>();
    const circles: string[] = [];
    const visit = (file: string, trail: string[]): void => {
      if (trail.includes(file)) circles.push([...trail.slice(trail.indexOf(file)), file].join(" -> "));
      if (trail.includes(file) || done.has(file)) return;
      for (const next of edges.get(file) ?? []) visit(next, [...trail, file]);
      done.add(file);
    };
    for (const file of edges.keys()) visit(file, []);
    expect(circles).toEqual([]);
  });

  it("reach each library from its one home", () => {
    const strays = imports.filter(({ target, room }) => {
      const library = Object.keys(HOMES).find((name) => target === name || target.startsWith(`${name}/`));
      return library !== undefined && !HOMES[library]?.includes(room);
    });
    expect(strays.map(({ file, target }) => `${file} -> ${target}`)).toEqual([]);
  });
});

describe("the protocol core", () => {
  const core = sources(join(SRC, "saml")).map((file) => ({
    file: relative(SRC, file),
    text: readFileSync(file, "utf8"),
  }));

  it("has no clock, no network, no environment and no console", () => {
    const impure = /\bDate\.now\(|\bnew Date\(\)|\bperformance\.|\bfetch\(|\bprocess\.|\bconsole\.|cloudflare:/;
    expect(core.filter(({ text }) => impure.test(text)).map(({ file }) => file)).toEqual([]);
  });
});

describe("every file", () => {
  const all = sources(SRC).map((file) => ({ file: relative(SRC, file), text: readFileSync(file, "utf8") }));

  it("opens by saying what it owns", () => {
    expect(
      all.filter(({ text }) => !/^(?:\/\*\* @jsx\S* \S+ \*\/\n)?\/\*\*?[\s*]+\S/.test(text)).map(({ file }) => file),
    ).toEqual([]);
  });

  it("is one room: 400 lines at most", () => {
    expect(all.filter(({ text }) => text.split("\n").length > 400).map(({ file }) => file)).toEqual([]);
  });
});
