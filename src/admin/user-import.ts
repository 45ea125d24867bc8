/**
 * Users from a file: each row judged against what is there, then carried out in batches, each with its audit records. Repeatable:
 * what is already as the file says is left alone. A file gives or takes administration only where the caller chose that.
 */
import * as z from "zod/mini";
import type { Services } from "../context.ts";
import {
  type Company,
  emailKey,
  findUsersByEmails,
  GROUPS_PER_COMPANY_MAX,
  type Group,
  listGroups,
  newId,
  type User,
  type UserWrite,
  writeUsers,
} from "../store/index.ts";
import { unicode } from "../unicode.ts";
import { type Actor, auditRecord } from "./actor.ts";
import { type CsvRow, readCsv } from "./csv.ts";
import { fieldErrors } from "./fields.ts";
import { type Answer, answer, invalid } from "./problems.ts";
import { chosenByHand, newUser, viewUser } from "./users.ts";
import { differing } from "./versions.ts";

export const IMPORT_BYTES_MAX = 1_048_576;
export const IMPORT_ROWS_MAX = 2000;
/** Written at once: far below what D1 takes as one parameter, even where every field is as long as it may be. */
const ROWS_PER_BATCH = 250;
/** How often a batch is judged anew because somebody else changed one of its users meanwhile. */
const ATTEMPTS_MAX = 4;

export const COLUMNS = ["email", "firstName", "lastName", "company", "group", "status"] as const;
type Column = (typeof COLUMNS)[number];
type Fields = Readonly<Partial<Record<Column, string>>>;

const outcome = z.enum(["created", "updated", "unchanged", "refused"]);
const count = z.int();
export const importView = z.object({
  dryRun: z.boolean(),
  created: count,
  updated: count,
  unchanged: count,
  refused: count,
  rows: z.array(
    z.object({
      line: z.int().check(z.meta({ description: "Where the row begins in the file, from 1" })),
      email: z.string(),
      outcome,
      reason: z.nullable(z.string()).check(z.meta({ description: "Of a refusal" })),
      changes: z.array(z.object({ field: z.string(), before: z.nullable(z.string()), after: z.string() })),
    }),
  ),
});
export type ImportReport = z.infer<typeof importView>;
type RowReport = ImportReport["rows"][number];

export interface ImportChoices {
  readonly dryRun: boolean;
  /** Whether rows may make, move, disable or enable administrators. */
  readonly allowAdministrators: boolean;
}

/** A row with its fields by name, or what is wrong with it before anything is looked up. */
interface Entry {
  readonly line: number;
  readonly fields: Fields;
  readonly fault: string | null;
}

interface Judged {
  readonly report: RowReport;
  /** Null where there is nothing to write. */
  readonly write: UserWrite | null;
}

/** What a batch is judged against. */
interface Scene {
  readonly services: Services;
  readonly actor: Actor;
  readonly company: Company;
  readonly choices: ImportChoices;
  readonly groups: readonly Group[];
  readonly users: ReadonlyMap<string, User>;
}

export async function importUsers(
  services: Services,
  actor: Actor,
  company: Company,
  bytes: Uint8Array,
  choices: ImportChoices,
): Promise<Answer<ImportReport>> {
  const rows = readCsv(bytes);
  if (!rows.ok) return rows;
  const entries = entriesOf(rows.value);
  if (!entries.ok) return entries;
  const reports: RowReport[] = [];
  for (let from = 0; from < entries.value.length; from += ROWS_PER_BATCH) {
    const batch = entries.value.slice(from, from + ROWS_PER_BATCH);
    reports.push(...(await carryOut(services, actor, company, batch, choices)));
  }
  const of = (wanted: RowReport["outcome"]) => reports.filter(({ outcome }) => outcome === wanted).length;
  return answer({
    dryRun: choices.dryRun,
    created: of("created"),
    updated: of("updated"),
    unchanged: of("unchanged"),
    refused: of("refused"),
    rows: reports,
  });
}

const TURNS_AROUND = unicode(String.raw`[\p{Cc}\p{Cf}]`, "gu");

/** As much of a cell as fits into a sentence, without what would turn the sentence around. */
const shown = (cell = "") => cell.slice(0, 50).replace(TURNS_AROUND(), "�");

/** The first row names the columns; an address that stands twice is refused where it stands again. */
function entriesOf([head, ...rows]: readonly CsvRow[]): Answer<Entry[]> {
  const columns = (head?.cells ?? []).map((cell) => columnCalled(cell));
  const unknown = head?.cells.filter((_, index) => columns[index] === undefined) ?? [];
  const fault = (message: string) => invalid([{ path: "line 1", message }]);
  if (unknown.length > 0) return fault(`There is no column “${shown(unknown[0])}”; there are ${COLUMNS.join(", ")}`);
  if (!columns.includes("email")) return fault(`The first row must name the columns: ${COLUMNS.join(", ")}`);
  if (new Set(columns).size < columns.length) return fault("A column stands twice");
  if (rows.length > IMPORT_ROWS_MAX)
    return fault(`A file has at most ${IMPORT_ROWS_MAX} users; this one has ${rows.length}`);
  const seen = new Map<string, number>();
  return answer(
    rows.map(({ line, cells }) => {
      const fields: Fields = Object.fromEntries(cells.map((cell, index) => [columns[index], cell.trim()]));
      const key = emailKey(fields.email ?? "");
      const earlier = seen.get(key);
      seen.set(key, earlier ?? line);
      let fault: string | null = null;
      if (cells.length !== columns.length)
        fault = `Has ${cells.length} fields where the first row has ${columns.length}`;
      else if (earlier !== undefined) fault = `This address stands in line ${earlier} already`;
      return { line, fields, fault };
    }),
  );
}

function columnCalled(cell: string): Column | undefined {
  const name = cell.trim().toLowerCase();
  return COLUMNS.find((column) => column.toLowerCase() === name);
}

async function carryOut(
  services: Services,
  actor: Actor,
  company: Company,
  entries: readonly Entry[],
  choices: ImportChoices,
): Promise<RowReport[]> {
  let judged: Judged[] = [];
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    const scene = await sceneOf(services, actor, company, entries, choices);
    judged = entries.map((entry) => judge(scene, entry));
    const writes = judged.flatMap(({ write }) => write ?? []);
    if (choices.dryRun || writes.length === 0) return judged.map(({ report }) => report);
    if ((await writeUsers(services.database, company.id, writes)) === "done") return judged.map(({ report }) => report);
  }
  return judged.map(({ report, write }) =>
    write === null ? report : refused(report, "Others are changing these users: import the file once more"),
  );
}

async function sceneOf(
  services: Services,
  actor: Actor,
  company: Company,
  entries: readonly Entry[],
  choices: ImportChoices,
): Promise<Scene> {
  const emails = entries.flatMap(({ fields }) => fields.email || []);
  const [groups, found] = await Promise.all([
    listGroups(services.database, company.id, { after: null, limit: GROUPS_PER_COMPANY_MAX }),
    findUsersByEmails(services.database, company.id, emails),
  ]);
  return { services, actor, company, choices, groups, users: new Map(found.map((user) => [user.email, user])) };
}

function refused({ line, email }: Pick<RowReport, "line" | "email">, reason: string): RowReport {
  return { line, email, outcome: "refused", reason, changes: [] };
}

function judge(scene: Scene, { line, fields, fault }: Entry): Judged {
  const { services, actor, company } = scene;
  const email = emailKey(fields.email ?? "");
  const no = (reason: string): Judged => ({ report: refused({ line, email }, reason), write: null });
  if (fault !== null) return no(fault);
  const group = groupCalled(scene.groups, fields.group ?? "");
  if (typeof group === "string") return no(group);
  const current = scene.users.get(email) ?? null;
  const groupId = group?.id ?? current?.groupId;
  if (groupId === undefined) return no("A new user needs a group");
  const kept = current ?? { firstName: "", lastName: "", company: "", status: "active" as const };
  const input = newUser.safeParse({
    email,
    firstName: fields.firstName ?? kept.firstName,
    lastName: fields.lastName ?? kept.lastName,
    company: fields.company ?? kept.company,
    groupId,
    status: fields.status?.toLowerCase() || kept.status,
  });
  if (!input.success) {
    return no(
      fieldErrors(input.error)
        .map(({ path, message }) => `${path}: ${message}`)
        .join("; "),
    );
  }
  const barred = barredBecause(scene, current, input.data);
  if (barred !== null) return no(barred);
  const now = services.now();
  const fresh = { id: newId(), subject: null, version: 0, createdAt: now, lastSignInAt: null };
  const user: User = {
    ...(current ?? fresh),
    ...input.data,
    email,
    groupSource: chosenByHand(current, groupId),
    version: (current?.version ?? 0) + 1,
    updatedAt: now,
  };
  const changes = changesOf(scene, current, user);
  if (current !== null && changes.length === 0) {
    return { report: { line, email, outcome: "unchanged", reason: null, changes }, write: null };
  }
  const record = auditRecord(services, actor, company.id, {
    action: current === null ? "create" : "update",
    resource: "user",
    resourceId: user.id,
    before: current && viewUser(current),
    after: viewUser(user),
  });
  return {
    report: { line, email, outcome: current === null ? "created" : "updated", reason: null, changes },
    write: { user, expectedVersion: current?.version ?? null, record: { ...record, at: now } },
  };
}

/** By id or by title; undefined where nothing is named, a sentence where it can't be told. */
function groupCalled(groups: readonly Group[], name: string): Group | undefined | string {
  if (name === "") return undefined;
  const called = groups.filter(({ id, title }) => id === name || title === name);
  if (called.length > 1) return "Several groups have this title: name the group by its id";
  return called[0] ?? "There is no such group";
}

/** What a file must not do by itself: administration changes hands only where that was chosen, and nobody locks themselves out. */
function barredBecause(scene: Scene, current: User | null, wanted: Pick<User, "groupId" | "status">): string | null {
  if (current?.groupId === wanted.groupId && current.status === wanted.status) return null;
  const { actor, groups, choices } = scene;
  if (actor.kind === "user" && current?.id === actor.userId)
    return "This is you: another administrator can change that";
  const administers = groups.some(
    ({ id, type }) => type === "administrator" && (id === wanted.groupId || id === current?.groupId),
  );
  return administers && !choices.allowAdministrators
    ? "Would change who is an administrator, which was not allowed"
    : null;
}

/** With groups by their titles. */
function changesOf(scene: Scene, current: User | null, user: User): RowReport["changes"] {
  const { email, firstName, lastName, company, groupId, status } = user;
  const fields = { firstName, lastName, company, groupId, status };
  const changed = current === null ? { email, ...fields } : differing<User>(current, fields);
  const shown = (name: string, value: string) =>
    name === "groupId" ? (scene.groups.find(({ id }) => id === value)?.title ?? value) : value;
  return Object.entries(changed).map(([name, after]) => ({
    field: name === "groupId" ? "group" : name,
    before: current && shown(name, String(current[name as keyof User])),
    after: shown(name, String(after)),
  }));
}
